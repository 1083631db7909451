// The counts of a run in the form of GoogleTest, which ./dev adds up.
export default async function * (events) {
  let all = 0
  let failed = 0
  for await (const { type, data } of events) {
    if (type !== 'test:pass' && type !== 'test:fail') continue
    // A file is no test of its own, unless it failed where no test in it did.
    const isFile = data.name.endsWith('.test.js')
    const failedAlone = type === 'test:fail' && data.details?.error?.failureType !== 'subtestsFailed'
    if (data.skip !== undefined || (isFile && !failedAlone)) continue
    all++
    if (type === 'test:fail') failed++
  }
  yield '<?xml version="1.0" encoding="UTF-8"?>\n'
  yield `<testsuites tests="${all}" failures="${failed}" name="NodeClient"></testsuites>\n`
}
