// A `slate db` process for a test, and what tests of it wait for.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { encodeFrame, FrameReader, PREAMBLE } from '../src/frame.js'
import { connect, SlateError } from '../src/index.js'
import { decodeAnswer, encodeRequest } from '../src/messages.js'

/** The program, as an option of test(): without it the tests that need one are skipped, and say so. */
export const program = process.env.SLATE_PROGRAM
export const needsServer = { skip: program ? false : 'SLATE_PROGRAM does not name the program slate', timeout: 120_000 }

/** A folder that goes when the test is over. */
export function temporaryFolder (t) {
  const folder = mkdtempSync(path.join(tmpdir(), 'slate-node-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/**
 * Starts a server and waits until it says where it listens.
 * @param {import('node:test').TestContext} t
 * @param {{data?: string, token?: string, port?: number, flags?: string[]}} [options]  flags: more of them
 */
export async function startServer (t, { data = temporaryFolder(t), token, port = 0, flags = [] } = {}) {
  const options = ['db', '--listen', `127.0.0.1:${port}`, '--data', data, '--durability', 'os', '--log-level', 'error', ...flags]
  if (token) {
    const file = path.join(temporaryFolder(t), 'tokens')
    writeFileSync(file, `${token}\n`, { mode: 0o600 })
    options.push('--token-file', file)
  }
  const child = spawn(program, options, { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code)))
  const server = {
    data,
    port: await new Promise((resolve, reject) => {
      let said = ''
      child.stdout.setEncoding('utf8')
      child.stdout.on('data', (text) => {
        said += text
        const found = /serving on 127\.0\.0\.1:(\d+)/.exec(said)
        if (found) resolve(Number(found[1]))
      })
      exited.then((how) => reject(new Error(`the server ended (${how}) before it served: ${said}`)))
      child.once('error', reject)
    }),
    /** Ends it, and gives its exit code, or the signal's name. */
    stop (signal = 'SIGTERM') {
      child.kill(signal)
      return exited
    }
  }
  t.after(() => server.stop('SIGKILL'))
  return server
}

/** A client of a server, closed when the test is over. */
export async function connectTo (t, server, options) {
  const client = await connect({ port: server.port, ...options })
  t.after(() => client.close())
  return client
}

/** A client of a server of its own. */
export const startClient = async (t) => connectTo(t, await startServer(t))

/**
 * For assert.rejects(): an error of this reason, with these members.
 * @param {string} reason
 * @param {Partial<SlateError>} [members]
 */
export function failsWith (reason, members = {}) {
  return (error) => {
    assert.ok(error instanceof SlateError, error)
    assert.equal(error.reason, reason, error.message)
    for (const [name, value] of Object.entries(members)) {
      assert.deepEqual(error[name], value, `${name} of: ${error.message}`)
    }
    return true
  }
}

/** Waits for a condition; fails when it has not come in half a minute. */
export async function until (condition, what) {
  const deadline = Date.now() + 30_000
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`still not so: ${what}`)
    await after(5)
  }
}

export const requestFrame = (id, name, body = {}) => Buffer.concat(encodeFrame(id, encodeRequest(name, body)))

/** The preamble and a handshake with the id 1. */
export const greeting = () => Buffer.concat([PREAMBLE, requestFrame(1, 'hello', { version: 1 })])

/**
 * Sends bytes as they are, and reads until the server ends the connection.
 * @returns {Promise<{id: number, name: string, body: Object}[]>} what it said
 */
export function sayAndListen (port, bytes) {
  const reader = new FrameReader()
  const answers = []
  const socket = net.connect(port, '127.0.0.1', () => socket.write(bytes))
  return new Promise((resolve, reject) => {
    socket.on('data', (chunk) => {
      for (const { id, message } of reader.push(chunk)) answers.push({ id, ...decodeAnswer(message) })
    })
    socket.once('error', reject)
    socket.once('close', () => resolve(answers))
  })
}
