import { createUpstream } from '../fixtures/woodpecker/upstream.ts';
import { describeConnection } from './ci/suite.ts';

describeConnection('Woodpecker', [], createUpstream);
