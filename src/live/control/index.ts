/** The control socket as its clients see it: the words, one question at a time, and the stream to follow. */
export { askRecorder, ControlError } from './control-client.ts'
export {
  type ControlAnswers,
  type ControlRequest,
  FOLLOW_HEARTBEAT_MS,
  FOLLOW_LINE_MS_MIN,
  type FollowLine,
  POINTER_NAME,
  REQUEST_BYTES_MAX,
  type RecorderIdentity,
  SOCKET_NAME,
  SOCKET_PATH_BYTES_MAX,
} from './control-protocol.ts'
export { followRecorder } from './follow-recorder.ts'
export { LineSplitter } from './lines.ts'
export type {
  AlertSummary,
  ArchiveStatus,
  Paused,
  RecorderStatus,
  ServiceStatus,
  StoreSummary,
  ThreadSummary,
} from './recorder-status.ts'
