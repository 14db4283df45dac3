/**
 * Every option of fio 3.33 (as its --cmdhelp=all lists them) that the lab does not read, and what becomes of it.
 *
 *   ignored      accepted: it steers fio's reporting, files or submission, nothing that the lab has
 *   unmodelled   refused: it would change the figures; accepted only at the value that switches it off
 *
 * Options that the lab reads are in option-readers.ts. `name=alias` is one option with two names.
 */
export type OptionKind = 'flag' | 'boolean' | 'number' | 'time' | 'text';

export interface UnreadOption {
  readonly kind: OptionKind;
  readonly treatment: 'ignored' | 'unmodelled';
  /** The number at which the option changes nothing. */
  readonly neutral?: number | undefined;
}

const IGNORED: Readonly<Record<OptionKind, string>> = {
  flag: 'group_reporting thread',
  boolean: `direct buffered invalidate randrepeat allrandrepeat unique_filename create_serialize create_fsync
    create_on_open allow_file_create allow_mounted_write end_fsync fsync_on_close unlink unlink_each_loop
    verify_fatal verify_dump verify_state_save experimental_verify per_job_logs log_max_value log_offset log_prio
    log_store_compressed log_unix_epoch log_alternate_epoch block_error_percentiles stats clat_percentiles
    lat_percentiles slat_percentiles disk_util gtod_reduce disable_lat disable_clat disable_slat
    disable_bw_measurement=disable_bw error_dump registerfiles fixedbufs nonvectored`,
  number: `fsync fdatasync openfiles verify_async nice prio prioclass uid gid hugepage-size bwavgtime iopsavgtime
    log_entries log_avg_msec log_hist_msec log_hist_coarseness log_compression log_alternate_epoch_clock_id
    significant_figures gtod_cpu sqthread_poll_cpu verifysort_nr`,
  time: '',
  text: `description lockfile fallocate fadvise_hint clocksource mem=iomem lockmem ioscheduler sync sync_file_range
    write_hint file_service_type random_generator write_bw_log write_lat_log write_iops_log write_hist_log
    log_compression_cpus percentile_list unified_rw_reporting unit_base hipri sqthread_poll userspace_reap verifysort`,
};

const UNMODELLED: Readonly<Record<OptionKind, string>> = {
  flag: 'bs_unaligned=blocksize_unaligned norandommap verify_only exitall exitall_on_error',
  boolean: `serialize_overlap fill_device=fill_fs file_append atomic overwrite create_only pre_read verify_state_load
    trim_verify_zero read_iolog_chunked replay_no_stall read_beyond_wp ignore_zone_limits rate_ignore_thinktime
    latency_run dedupe_global cgroup_nodelete recover_zbd_write_error verify_write_sequence verify_header_seed fdp`,
  number: `ba=blockalign offset_align percentage_random iodepth_batch=iodepth_batch_submit
    iodepth_batch_complete_min=iodepth_batch_complete iodepth_batch_complete_max iodepth_low nrfiles=nr_files
    write_barrier verify_interval verify_offset verify_backlog verify_backlog_batch trim_percentage trim_backlog
    trim_backlog_batch replay_scale replay_align replay_time_scale max_open_zones job_max_open_zones thinktime
    thinktime_spin thinktime_blocks thinktime_iotime rate rate_min=ratemin rate_cycle=ratecycle rate_iops rate_iops_min
    max_latency cpumask dedupe_working_set_percentage cgroup_weight flow_id flow flow_sleep filesize zonesize
    zonecapacity zonerange zoneskip cmdprio_percentage cmdprio_class cmdprio nowait uncached force_async`,
  time: `startdelay ramp_time latency_target latency_window steadystate_duration=ss_dur
    steadystate_ramp_time=ss_ramp`,
  text: `name wait_for filename_format opendir bsrange=blocksize_range bssplit ignore_error rw_sequencer io_submit_mode
    number_ios random_distribution write_iolog read_iolog replay_redirect replay_skip merge_blktrace_file
    merge_blktrace_scalars merge_blktrace_iters exec_prerun exec_postrun zonemode zone_reset_threshold
    zone_reset_frequency thinktime_blocks_type rate_process cpus_allowed cpus_allowed_policy numa_cpu_nodes
    numa_mem_policy exit_what dedupe_mode continue_on_error profile cgroup latency_percentile steadystate=ss
    cmdprio_bssplit cmd_type plids=fdp_pli dp_type dataplacement fdp_pli_select`,
};

const NEUTRAL_NUMBERS: Readonly<Record<string, number>> = {
  percentage_random: 100,
  iodepth_batch: 1,
  iodepth_batch_complete_min: 1,
  nrfiles: 1,
  replay_scale: 1,
  replay_time_scale: 100,
  thinktime_blocks: 1,
  verify_interval: Number.NaN,
  cpumask: Number.NaN,
  filesize: Number.NaN,
  zonesize: Number.NaN,
  zonecapacity: Number.NaN,
  zonerange: Number.NaN,
};

const KINDS: readonly OptionKind[] = ['flag', 'boolean', 'number', 'time', 'text'];

function listed(groups: typeof IGNORED, treatment: UnreadOption['treatment']): readonly [string, UnreadOption][] {
  return KINDS.flatMap((kind) =>
    groups[kind].split(/\s+/).flatMap((names): [string, UnreadOption][] => {
      const [name = '', ...aliases] = names.split('=');
      if (name === '') return [];
      const neutral = kind === 'text' ? undefined : (NEUTRAL_NUMBERS[name] ?? 0);
      return [name, ...aliases].map((known) => [known, { kind, treatment, neutral }]);
    }),
  );
}

/** By every name that fio knows them under. */
export const UNREAD_OPTIONS: ReadonlyMap<string, UnreadOption> = new Map([
  ...listed(IGNORED, 'ignored'),
  ...listed(UNMODELLED, 'unmodelled'),
]);
