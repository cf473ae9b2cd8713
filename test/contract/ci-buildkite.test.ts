import { createUpstream } from '../fixtures/buildkite/upstream.ts';
import { describeConnection } from './ci/suite.ts';

describeConnection('Buildkite', [], createUpstream);
