using Freshet.Coherence;
using Freshet.Diagnostics;
using Freshet.Memory;
using Freshet.Storage;

namespace Freshet.Loading;

/// <summary>
/// What a load does in the shared store before it runs: it takes what another node has loaded, gets the right to load, or waits
/// for the node that has it. Safe for concurrent use.
/// </summary>
internal sealed class SharedEntries(
    IEntryStore entries, MemoryStore memory, IInvalidationStore store, LoaderSettings settings, TimeProvider time, CacheMetrics metrics)
{
    private const int MostRounds = 16;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan Slack = TimeSpan.FromMilliseconds(5);

    public IEntrySlot Open(Tenant tenant, string key, in LoadRequest request) => entries.Open(tenant, key, request.Codec!, request.MemoryLifetime);

    /// <summary>Takes the entry of another node, if it is valid here.</summary>
    /// <returns>Null when there is none; then the caller loads, with the right to load if it was to be had.</returns>
    /// <exception cref="OperationCanceledException">Nobody wants it any longer.</exception>
    public async ValueTask<CacheEntry?> FindAsync(IEntrySlot slot, LoadRequest request, Arrival arrival, long ticket, CancellationToken cancel)
    {
        if (await LookAsync(slot, request, arrival, ticket, cancel).ConfigureAwait(false) is { } stored)
            return stored;
        // Who will not store holds nobody up.
        if (request.Skips.HasFlag(TierSkips.SharedWrite))
            return null;

        var began = time.GetTimestamp();
        TimeSpan? longest = null;
        for (var round = 0; round < MostRounds; round++)
        {
            var lease = await LeaseAsync(slot, arrival.Tick).ConfigureAwait(false);
            switch (lease.Outcome)
            {
                case StoreOutcome.Changed:
                    if (await LookAsync(slot, request, arrival, ticket, cancel).ConfigureAwait(false) is { } changed)
                        return changed;
                    break;
                // What the key was last made from was touched since the holder began: what it brings will serve nobody here.
                case StoreOutcome.Held when lease.HolderFence is { } fence && memory.TryGet(slot.Key, out var last) && !last.Clocks.Untouched(fence):
                    return null;
                case StoreOutcome.Held:
                    // The first one's lease bounds it all: a load that is slow, or fails on node after node, is not waited for.
                    longest ??= lease.Left + Slack < settings.FollowerWait ? lease.Left + Slack : settings.FollowerWait;
                    var left = longest.Value - time.GetElapsedTime(began);
                    if (left <= TimeSpan.Zero)
                        return null;
                    if (await WaitAsync(slot, request, arrival, ticket, left, cancel).ConfigureAwait(false) is { } loaded)
                        return loaded;
                    break;
                default:
                    return null;
            }
        }

        return null;
    }

    // Until the value is there, or nobody has the right to load any more, or the time is over.
    private async ValueTask<CacheEntry?> WaitAsync(
        IEntrySlot slot, LoadRequest request, Arrival arrival, long ticket, TimeSpan longest, CancellationToken cancel)
    {
        var began = time.GetTimestamp();
        var pause = FirstPause;
        while (true)
        {
            await Task.Delay(pause, time, cancel).ConfigureAwait(false);
            var reading = await slot.PollAsync(ticket, cancel).ConfigureAwait(false);
            if (Judge(reading, request, arrival, out var outcome) is { } entry)
            {
                metrics.StoreStep(StoreSteps.Wait, outcome, time.GetElapsedTime(began));
                return entry;
            }

            if (!reading.IsLeased || time.GetElapsedTime(began) >= longest)
            {
                metrics.StoreStep(StoreSteps.Wait, StoreOutcome.WaitedInVain, time.GetElapsedTime(began));
                return null;
            }

            pause = pause * 1.5 < LongestPause ? pause * 1.5 : LongestPause;
        }
    }

    /// <summary>Takes the entry of another node, if it is valid here, and does nothing else.</summary>
    public async ValueTask<CacheEntry?> LookAsync(IEntrySlot slot, LoadRequest request, Arrival arrival, long ticket, CancellationToken cancel)
    {
        var began = time.GetTimestamp();
        var reading = await slot.ReadAsync(ticket, cancel).ConfigureAwait(false);
        var entry = Judge(reading, request, arrival, out var outcome);
        metrics.StoreStep(StoreSteps.Read, outcome, time.GetElapsedTime(began));
        return entry;
    }

    private async ValueTask<LeaseReply> LeaseAsync(IEntrySlot slot, long fence)
    {
        var began = time.GetTimestamp();
        var reply = await slot.LeaseAsync(fence).ConfigureAwait(false);
        metrics.StoreStep(StoreSteps.Lease, reply.Outcome, time.GetElapsedTime(began));
        return reply;
    }

    // C4: by this node's own clocks and contact, as if it had been found in memory; now is after the arrival (C5).
    private CacheEntry? Judge(in EntryReading reading, in LoadRequest request, Arrival arrival, out StoreOutcome outcome)
    {
        outcome = reading.Outcome;
        if (reading.Entry is not { } entry)
            return null;
        var now = time.GetTimestamp();
        var verdict = Validity.Judge(entry.Clocks, entry.Fence, arrival, store.InContact(entry, now), now, entry.ExpiresAt);
        outcome = verdict switch
        {
            CacheReason.Fresh => StoreOutcome.Hit,
            CacheReason.Touched => StoreOutcome.Touched,
            CacheReason.Expired => StoreOutcome.Expired,
            _ => StoreOutcome.Unknown,
        };
        if (outcome is not StoreOutcome.Hit)
            return null;
        if (!request.Skips.HasFlag(TierSkips.MemoryWrite))
            memory.Put(entry); // C11
        return entry;
    }
}
