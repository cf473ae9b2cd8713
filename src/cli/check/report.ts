/** The findings of `greenpin check` as documented JSON. Pure. */
import type { Config } from '../../config/config.ts';
import type { Finding } from './findings.ts';

/** The documented shape of `greenpin check --json`; stable. */
interface CheckReport {
  /** The configuration file. */
  readonly config: string;
  readonly projects: readonly string[];
  readonly findings: readonly (Required<Omit<Finding, 'hint'>> & { readonly hint: string | null })[];
  readonly ok: number;
  readonly warnings: number;
  readonly failed: number;
}

export function createCheckReport({ file, projects }: Config, findings: readonly Finding[]): CheckReport {
  const count = (level: Finding['level']) => findings.filter((finding) => finding.level === level).length;
  return {
    config: file,
    projects: [...projects.keys()],
    findings: findings.map(({ level, subject, target, detail, hint = null }) => ({
      level,
      subject,
      target,
      detail,
      hint,
    })),
    ok: count('ok'),
    warnings: count('warning'),
    failed: count('failed'),
  };
}
