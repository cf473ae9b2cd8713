import { expect, it } from 'vitest';
import { dropOlderBuilds, selectPage, type JobBuilds } from '../../../../src/ci/jenkins/job-builds.ts';

function createJob(builds: number): JobBuilds {
  return {
    name: 'main',
    seen: { number: builds, timestamp: builds, building: false, result: 'SUCCESS' },
    builds: Array.from({ length: builds }, (_, i) => ({
      number: builds - i,
      position: builds - i,
      tie: `main#${builds - i}`,
      isGoing: false,
    })),
    whole: true,
  };
}

it('a busy job does not grow without bound, and its list then ends where it was cut', () => {
  const cut = dropOlderBuilds(createJob(30), 10);
  expect(cut.builds.map(({ number }) => number)).toEqual([30, 29, 28, 27, 26, 25, 24, 23, 22, 21]);
  expect(selectPage([cut], undefined).next).toBe('21 main#21');
});

it('a job with few builds stays as it is', () => {
  const job = createJob(10);
  expect(dropOlderBuilds(job, 10)).toBe(job);
});
