import { createUpstream } from '../fixtures/bitbucket/upstream.ts';
import { describeConnection } from './ci/suite.ts';

describeConnection('Bitbucket Cloud', ['gitHost', 'statuses', 'pushLog'], createUpstream);
