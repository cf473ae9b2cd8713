import { createUpstream } from '../fixtures/azure-devops/upstream.ts';
import { describeConnection } from './ci/suite.ts';

describeConnection('Azure DevOps', ['gitHost', 'statuses', 'pushLog'], createUpstream);
