import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type CpuDistance,
  groupCpus,
  type GroupRule,
  LOCAL_DISTANCE,
  REMOTE_DISTANCE,
} from '../../../../src/main/machine/percpu/cpu-groups.ts';
import { type CpuId, cpuId } from '../../../../src/main/machine/units.ts';

const RULES: readonly GroupRule[] = ['all-members', 'seed'];

/** A drawing of nodes, CPU 0 first: `0 1 0 1` puts CPUs 0 and 2 on node 0. `.` is a CPU that is not possible. */
function nodes(drawing: string): { readonly cpus: readonly CpuId[]; readonly distance: CpuDistance } {
  const nodeOf = drawing.split(' ');
  return {
    cpus: nodeOf.flatMap((node, cpu) => (node === '.' ? [] : [cpuId(cpu)])),
    distance: (a, b) => (nodeOf[a] === nodeOf[b] ? LOCAL_DISTANCE : REMOTE_DISTANCE),
  };
}

/** Near pairs, `0-1 1-2`; all others are far. */
function pairs(drawing: string): CpuDistance {
  const near = new Set(drawing.split(' '));
  return (a, b) => (a === b || near.has(`${a}-${b}`) || near.has(`${b}-${a}`) ? LOCAL_DISTANCE : REMOTE_DISTANCE);
}

function draw(groups: readonly (readonly CpuId[])[]): string {
  return groups.map((cpus) => `[ ${cpus.join(' ')} ]`).join('');
}

const cpus = (count: number): readonly CpuId[] => Array.from({ length: count }, (_, cpu) => cpuId(cpu));

describe.each(RULES)('groups by the rule %s', (rule) => {
  it.each([
    ['0', '[ 0 ]'],
    ['0 0 0 0', '[ 0 1 2 3 ]'],
    ['0 1 0 1', '[ 0 2 ][ 1 3 ]'],
    // Numbered by the lowest CPU, not by the node.
    ['3 1 3 0 1', '[ 0 2 ][ 1 4 ][ 3 ]'],
    // CPUs that are not possible are nowhere; a node that has only such ones makes no group.
    ['0 . 2 . 0', '[ 0 4 ][ 2 ]'],
  ])('of the nodes %s are %s', (drawing, groups) => {
    const { cpus: possible, distance } = nodes(drawing);
    expect(draw(groupCpus(possible, distance, rule))).toBe(groups);
  });

  it('are one where there is no distance', () => {
    expect(draw(groupCpus([cpuId(1), cpuId(7)], undefined, rule))).toBe('[ 1 7 ]');
  });

  it('need the local distance both ways', () => {
    const oneWay: CpuDistance = (a, b) => (a <= b ? LOCAL_DISTANCE : LOCAL_DISTANCE + 1);
    expect(draw(groupCpus(cpus(3), oneWay, rule))).toBe('[ 0 ][ 1 ][ 2 ]');
  });

  it('hold every CPU once, ascending, in the order of their lowest', () => {
    const possible = fc
      .uniqueArray(fc.nat(60), { minLength: 1 })
      .map((numbers) => numbers.sort((a, b) => a - b).map(cpuId));
    const near = fc.array(fc.tuple(fc.nat(60), fc.nat(60)));
    fc.assert(
      fc.property(possible, near, (all, closePairs) => {
        const groups = groupCpus(all, pairs(closePairs.map(([a, b]) => `${a}-${b}`).join(' ')), rule);
        expect(groups.flat().sort((a, b) => a - b)).toEqual(all);
        for (const group of groups) expect(group).toEqual([...group].sort((a, b) => a - b));
        const lowest = groups.map(([first]) => first ?? 0);
        expect(lowest).toEqual([...lowest].sort((a, b) => a - b));
      }),
    );
  });
});

describe('the two rules', () => {
  it.each([
    ['0-1 1-2', '[ 0 1 ][ 2 ]', '[ 0 1 ][ 2 ]'],
    ['0-1 0-2', '[ 0 1 ][ 2 ]', '[ 0 1 2 ]'],
    ['0-2 1-2 1-3', '[ 0 2 ][ 1 3 ]', '[ 0 2 ][ 1 3 ]'],
    ['0-1 0-3 1-2 2-3', '[ 0 1 ][ 2 3 ]', '[ 0 1 3 ][ 2 ]'],
  ])('differ where nearness does not carry over: %s', (drawing, allMembers, seed) => {
    expect(draw(groupCpus(cpus(drawing.includes('3') ? 4 : 3), pairs(drawing), 'all-members'))).toBe(allMembers);
    expect(draw(groupCpus(cpus(drawing.includes('3') ? 4 : 3), pairs(drawing), 'seed'))).toBe(seed);
  });

  it('agree on nodes', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('0', '1', '2', '.'), { minLength: 1, maxLength: 40 }), (drawing) => {
        const { cpus: possible, distance } = nodes(drawing.join(' '));
        expect(groupCpus(possible, distance, 'seed')).toEqual(groupCpus(possible, distance, 'all-members'));
      }),
    );
  });
});
