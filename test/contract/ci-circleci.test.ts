import { createUpstream } from '../fixtures/circleci/upstream.ts';
import { describeConnection } from './ci/suite.ts';

describeConnection('CircleCI', [], createUpstream);
