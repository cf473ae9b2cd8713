import { describe, expect, it } from 'vitest';
import { PIPELINE, serveJenkins } from '../../../fixtures/jenkins/connect.ts';
import { failureOf } from '../../../fixtures/github/connect.ts';

const HTML = { 'content-type': 'text/html;charset=utf-8' };

describe('the probe', () => {
  it('names a pipeline below a context path', async () => {
    const { server, provider, add } = await serveJenkins('/jenkins');
    add('main', { number: 1 });
    expect(await provider.probe(PIPELINE)).toBe('sees the branches of acme/shop');
    expect(server.requests[0]?.url).toMatch(/^\/jenkins\/job\/acme\/job\/shop\/api\/json\?tree=/);
    server.verify();
  });

  it('says that a token is wrong', async () => {
    const { provider } = await serveJenkins('', 'wrong');
    expect(await failureOf(provider.probe(PIPELINE))).toMatchObject({
      kind: 'denied',
      message: expect.stringContaining('does not accept the token of connection "ci"'),
    });
  });

  it('says of a missing permission which ones the user needs', async () => {
    const { server, provider } = await serveJenkins();
    server.fault({ kind: 'status', status: 403, headers: HTML, body: '<html>' });
    expect((await failureOf(provider.probe(PIPELINE))).message).toContain(
      'it needs "Overall/Read" and "Job/Read"',
    );
  });

  it('says of a job that does not exist, or is hidden, which key names it', async () => {
    const { provider } = await serveJenkins();
    const failure = await failureOf(provider.probe('acme/other'));
    expect(failure.kind).toBe('not_found');
    expect(failure.message).toContain("check the project's workflows");
  });

  it('names a pipeline in a folder that was given in its place', async () => {
    const { server, provider } = await serveJenkins();
    const { data } = server;
    data.pipelineClass = 'jenkins.branch.OrganizationFolder';
    const pipelineClass = 'org.jenkinsci.plugins.workflow.multibranch.WorkflowMultiBranchProject';
    data.jobs = [{ _class: pipelineClass, name: 'front', builds: [] }];
    expect((await failureOf(provider.probe(PIPELINE))).message).toContain('for example acme/shop/front');
  });

  it('says that a plain job is no multibranch pipeline', async () => {
    const { server, provider } = await serveJenkins();
    const body = '{"_class":"org.jenkinsci.plugins.workflow.job.WorkflowJob"}';
    server.fault({ kind: 'alter', body });
    expect((await failureOf(provider.probe(PIPELINE))).message).toContain('is no multibranch pipeline');
  });

  it('recognizes the login page of a single sign-on, at the end of a redirect within its host', async () => {
    const { server, provider } = await serveJenkins();
    server.fault({ kind: 'status', status: 200, headers: HTML, body: '<html>Sign in' });
    server.fault(
      { kind: 'status', status: 302, headers: { location: '/securityRealm/commenceLogin?from=%2F' } },
      { path: /^\/job/ },
    );
    expect((await failureOf(provider.probe(PIPELINE))).message).toContain('a page or text in place of JSON');
  });

  it('sends no credentials to the host of a single sign-on', async () => {
    const { server, provider } = await serveJenkins();
    server.fault({ kind: 'status', status: 302, headers: { location: 'https://sso.example.com/login' } });
    expect((await failureOf(provider.probe(PIPELINE))).message).toContain('redirects to another origin');
    expect(server.requests).toHaveLength(1);
  });
});

describe('a single build', () => {
  it('is a failure, not gone, if the pipeline cannot be read', async () => {
    const { server, provider, add } = await serveJenkins();
    add('main', { number: 1 });
    server.fault({ kind: 'status', status: 404, headers: HTML, body: '<html>' });
    expect((await failureOf(provider.fetchRun(PIPELINE, 'main#1'))).kind).toBe('not_found');
  });

  it('is not looked for under an id of another provider', async () => {
    const { server, provider } = await serveJenkins();
    expect((await failureOf(provider.fetchRun(PIPELINE, '12'))).kind).toBe('not_found');
    expect(server.requests).toHaveLength(0);
  });
});
