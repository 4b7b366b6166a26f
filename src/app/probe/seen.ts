/** What a probe saw, in the order in which it came: the evidence that questions are answered from. */
export type Json = Readonly<Record<string, unknown>>

export type SeenFrame = {
  readonly kind: 'frame'
  /** Unix ms of its receipt. */
  readonly atMs: number
  readonly text: string
  /** The frame's object; empty where the text is none. */
  readonly frame: Json
  readonly msg: Json
}

export type SeenCommand = {
  readonly kind: 'command'
  readonly atMs: number
  readonly text: string
  readonly id: number
}

export type SeenConnection = {
  readonly name: ConnectionName
  /** Frames and commands as they came and went. */
  readonly events: readonly (SeenFrame | SeenCommand)[]
  readonly pings: readonly { readonly atMs: number; readonly body: string }[]
  /** Absent while it is open, and where we closed it. */
  readonly closed: { readonly code: number; readonly reason: string } | undefined
}

/** `yes`: NO levels asked for in YES prices; `no`: in NO prices; `unsaid`: left to the exchange. */
export type ConnectionName = 'yes' | 'no' | 'unsaid'

export type SeenHandshake = {
  readonly name: 'signed' | 'unsigned' | 'late_10s' | 'late_60s' | 'compressed'
  /** 101 when it was let in; 0 without an answer. */
  readonly status: number
  readonly body: string
  readonly extensions: string
  readonly tookMs: number
}

export type SeenRest = {
  readonly name: string
  readonly path: string
  readonly isSigned: boolean
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Not kept where it tells of the account. */
  readonly text: string
  readonly body: unknown
  readonly tookMs: number
}

export type Seen = {
  readonly connections: Readonly<Partial<Record<ConnectionName, SeenConnection>>>
  readonly handshakes: readonly SeenHandshake[]
  readonly rest: readonly SeenRest[]
  readonly algorithm: string | undefined
  readonly markets: readonly string[]
  /** A ticker that nobody has listed. */
  readonly unknownTicker: string
  /** One that is settled; `undefined` when the exchange listed none. */
  readonly settledTicker: string | undefined
  readonly scopes: string | undefined
}

export const framesOf = (connection: SeenConnection | undefined): readonly SeenFrame[] =>
  connection?.events.filter((each) => each.kind === 'frame') ?? []

export const typeOf = ({ frame }: SeenFrame): string => String(frame['type'])

/** Frames that answer the command, and the first one after it. */
export const answersTo = (connection: SeenConnection | undefined, id: number): readonly SeenFrame[] =>
  framesOf(connection).filter(({ frame }) => frame['id'] === id)

/** Commands whose text holds all of the words. */
export const commandsWith = (connection: SeenConnection | undefined, ...words: string[]): readonly SeenCommand[] =>
  (connection?.events ?? []).filter(
    (each): each is SeenCommand => each.kind === 'command' && words.every((word) => each.text.includes(word)),
  )

export const restOf = ({ rest }: Seen, name: string): SeenRest | undefined => rest.find((each) => each.name === name)

export const asJson = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {}
