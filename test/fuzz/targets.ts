/** Everything that takes input of anybody's making. */
import { api } from './api.ts'
import { config } from './config.ts'
import { control } from './control.ts'
import { decoder } from './decoder.ts'
import type { FuzzTarget } from './fuzz-target.ts'
import { journal } from './journal.ts'

export const TARGETS: readonly FuzzTarget[] = [decoder, journal, api, control, config]
