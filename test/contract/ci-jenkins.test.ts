import { createUpstream } from '../fixtures/jenkins/upstream.ts';
import { describeConnection } from './ci/suite.ts';

describeConnection('Jenkins', [], createUpstream);
