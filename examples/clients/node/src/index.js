// What a program imports.
export { connect, Client, Snapshot } from './client.js'
export { SlateError } from './errors.js'
export { float } from './value.js'
export { merge, update, replace, remove } from './writes.js'
