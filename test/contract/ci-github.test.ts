import { createUpstream } from '../fixtures/github/upstream.ts';
import { describeConnection } from './ci/suite.ts';

describeConnection('GitHub Actions', ['gitHost', 'statuses', 'pushLog'], createUpstream);
