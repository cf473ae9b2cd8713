import { createUpstream } from '../fixtures/gitlab/upstream.ts';
import { describeConnection } from './ci/suite.ts';

describeConnection('GitLab', ['gitHost', 'statuses', 'pushLog'], createUpstream);
