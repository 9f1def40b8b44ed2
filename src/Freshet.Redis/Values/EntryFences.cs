using System.Buffers.Text;
using Freshet.Redis.Logs;
using Freshet.Resp.Protocol;
using Freshet.Storage;

namespace Freshet.Redis.Values;

/// <summary>
/// Turns the fences of a stored entry, positions in logs, into one tick of this node, from which on the entry is judged like any other (C4).
/// </summary>
internal sealed class EntryFences(RedisEntries entries, Envelope envelope)
{
    /// <summary>The least of them, once all were translated.</summary>
    public long Fence { get; private set; } = long.MaxValue;

    /// <returns><see cref="StoreOutcome.Hit"/>; or why the entry cannot be used here.</returns>
    public async ValueTask<StoreOutcome> TranslateAsync(CancellationToken cancel)
    {
        foreach (var (tenant, position) in envelope.Fences)
        {
            var log = entries.LogOf(tenant);
            var fence = log.FenceOf(position);
            if (fence is null)
            {
                // Of another epoch (C13), or this node does not know where it stands itself.
                if (position.Epoch != log.Known.Epoch || !log.InContact(entries.Time.GetTimestamp()))
                    return StoreOutcome.Unknown;
                (var outcome, fence) = await AskAsync(log, tenant, position, cancel).ConfigureAwait(false);
                if (outcome is not StoreOutcome.Hit)
                    return outcome;
            }

            Fence = Math.Min(Fence, fence!.Value);
        }

        return StoreOutcome.Hit;
    }

    // Older than what this node remembers: the clocks in Redis say whether any of it was touched. Every record that is not in the
    // answer is applied here later than the tick from before the question.
    private async ValueTask<(StoreOutcome Outcome, long? Fence)> AskAsync(FollowedLog log, Tenant tenant, Position position, CancellationToken cancel)
    {
        var tick = entries.Clocks.Now;
        var known = log.Known;
        var clocks = StoreClocks.Read(envelope.Dependencies.Where(d => d.Tenant == tenant).Select(d => d.Dependency));
        using var reply = await entries.Client.SendAsync(log.Slot, new ClocksCommand(log.Key, clocks), cancel).ConfigureAwait(false);
        return (Judge(reply.Reader, known, position), tick);
    }

    private static StoreOutcome Judge(RespReader reply, Position known, Position fence)
    {
        var clocks = reply.ReadAggregate() - 2;
        // C12, C13: of a log that is gone, is another one than the entry's (the node may have adopted one since it looked), or has lost
        // what this node had heard of, nothing follows.
        if (!LogText.TryEpoch(reply.ReadBytes(), out var epoch) || epoch != fence.Epoch || epoch != known.Epoch || !TryNumber(reply.ReadBytes(), out var offset) || offset < known.Offset)
            return StoreOutcome.Unknown;
        for (; clocks > 0; clocks--)
        {
            var moved = reply.ReadBytes();
            if (!moved.IsEmpty && (!TryNumber(moved, out var at) || at > fence.Offset))
                return StoreOutcome.Touched; // C4
        }

        return StoreOutcome.Hit;
    }

    private static bool TryNumber(ReadOnlySpan<byte> digits, out long number) => Utf8Parser.TryParse(digits, out number, out var used) && used == digits.Length;
}
