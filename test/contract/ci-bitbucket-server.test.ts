import { createUpstream } from '../fixtures/bitbucket-server/upstream.ts';
import { describeConnection } from './ci/suite.ts';

describeConnection('Bitbucket Data Center', ['gitHost', 'statuses', 'pushLog'], createUpstream, {
  hasRuns: false,
});
