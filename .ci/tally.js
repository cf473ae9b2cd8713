// Usage: node tally.js REPORT STATUS
// Reads vitest's JSON report and vitest's exit status, and prints "PASSED FAILED". What could be a false green counts as
// failed: a test that was left out, a run without tests, an error outside of the tests, a report that is not there.
import { readFileSync } from 'node:fs';

const [reportPath = '', status = '1'] = process.argv.slice(2);
const problems = [];
let passed = 0;
try {
  const report = JSON.parse(readFileSync(reportPath, 'utf8'));
  for (const file of report.testResults) {
    const bad = file.assertionResults.filter((test) => test.status !== 'passed');
    passed += file.assertionResults.length - bad.length;
    problems.push(...bad.map((test) => `${test.status}: ${test.fullName}`));
    if (file.status === 'failed' && bad.length === 0) problems.push(`failed: ${file.name}: ${file.message}`);
  }
} catch (error) {
  problems.push(`no usable report: ${error.message}`);
}
if (passed === 0 && problems.length === 0) problems.push('no test was executed');
if (status !== '0' && problems.length === 0) problems.push(`vitest ended with status ${status}`);
for (const problem of problems) console.error(`  ${problem}`);
console.log(`${passed} ${problems.length}`);
