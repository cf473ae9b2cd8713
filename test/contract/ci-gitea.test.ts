import { forgejo, gitea } from '../../src/ci/gitea/kind.ts';
import { createUpstream } from '../fixtures/gitea/upstream.ts';
import { describeConnection } from './ci/suite.ts';

const PORTS = ['gitHost', 'statuses', 'pushLog'] as const;
describeConnection('Gitea Actions', PORTS, () => createUpstream(gitea, '1.27.3'));
describeConnection('Forgejo Actions', PORTS, () => createUpstream(forgejo, '15.0.1+gitea-1.22.0'));
