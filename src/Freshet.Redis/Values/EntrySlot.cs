using System.Diagnostics.CodeAnalysis;
using Freshet.Coherence;
using Freshet.Diagnostics;
using Freshet.Loading;
using Freshet.Memory;
using Freshet.Redis.Logs;
using Freshet.Redis.Scripts;
using Freshet.Resp;
using Freshet.Resp.Protocol;
using Freshet.Storage;

namespace Freshet.Redis.Values;

/// <summary>One key's entry and right to load in Redis, for one load.</summary>
internal sealed class EntrySlot(
    RedisEntries entries, FollowedLog log, string key, byte[] entryKey, byte[] leaseKey, ValueCodec codec, TimeSpan? memoryLifetime) : IEntrySlot
{
    private byte[] _seen = [];   // the head of what was read last
    private byte[] _holder = []; // empty: this load does not have the right
    private long _ticket;        // 0: none was drawn

    /// <inheritdoc/>
    public async ValueTask<EntryReading> ReadAsync(long ticket, CancellationToken cancel)
    {
        if (entries.IsResting)
            return new EntryReading(null, StoreOutcome.Failed);
        try
        {
            return await TakeAsync(ticket, isLeased: false, cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (entries.FailureOf(e) is { } outcome)
        {
            return new EntryReading(null, outcome);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<EntryReading> PollAsync(long ticket, CancellationToken cancel)
    {
        try
        {
            // Asked first: when the right has gone, what was stored with it is there.
            var lease = entries.Client.SendAsync(log.Slot, KeyCommand.Get(leaseKey), cancel);
            EntryReading reading;
            try
            {
                reading = await TakeAsync(ticket, isLeased: true, cancel).ConfigureAwait(false);
            }
            catch
            {
                await DropAsync(lease).ConfigureAwait(false);
                throw;
            }

            using var held = await lease.ConfigureAwait(false);
            return reading with { IsLeased = Find(held).Length >= 0 };
        }
        catch (Exception e) when (entries.FailureOf(e) is { } outcome)
        {
            return new EntryReading(null, outcome);
        }
    }

    /// <inheritdoc/>
    public string Key => key;

    /// <inheritdoc/>
    public async ValueTask<LeaseReply> LeaseAsync(long fence)
    {
        if (entries.IsResting)
            return new LeaseReply(StoreOutcome.Failed);
        // Kept when no reply comes, so that it is given back if it was given.
        _holder = entries.NewHolder(log.PositionAt(fence)?.Offset);
        try
        {
            var asked = await AskForTicketAsync(_holder).ConfigureAwait(false);
            if (asked.Code is LeaseCode.Granted)
            {
                _ticket = asked.Number;
                return new LeaseReply(StoreOutcome.Granted);
            }

            _holder = [];
            return asked.Code switch
            {
                LeaseCode.Held => new LeaseReply(StoreOutcome.Held, TimeSpan.FromMilliseconds(asked.Number), asked.HolderFence),
                LeaseCode.Changed => new LeaseReply(StoreOutcome.Changed),
                _ => new LeaseReply(StoreOutcome.NoLog),
            };
        }
        catch (Exception e) when (entries.FailureOf(e) is not null)
        {
            return new LeaseReply(StoreOutcome.Failed);
        }
    }

    /// <inheritdoc/>
    public void Store(CacheEntry entry, TimeSpan lifetime, TimeSpan staleFor)
    {
        if (!entries.TryBeginStoring())
        {
            entries.Metrics.StoreStep(StoreSteps.Write, StoreOutcome.Busy, TimeSpan.Zero);
            Release();
            return;
        }

        // On nobody's time; of what is in the flow of the load nothing goes along.
        ThreadPool.UnsafeQueueUserWorkItem(_ => _ = StoreAsync(entry, lifetime, staleFor), null);
    }

    /// <inheritdoc/>
    public void Release() => _ = ReleaseAsync();

    private async Task StoreAsync(CacheEntry entry, TimeSpan lifetime, TimeSpan staleFor)
    {
        var began = entries.Time.GetTimestamp();
        var outcome = StoreOutcome.Failed;
        try
        {
            outcome = await WriteAsync(entry, lifetime, staleFor).ConfigureAwait(false);
        }
        catch (Exception e) when (entries.FailureOf(e) is not null)
        {
            // It is counted, and nobody depends on it: the next load stores anew.
        }
        finally
        {
            entries.EndStoring();
            entries.Metrics.StoreStep(StoreSteps.Write, outcome, entries.Time.GetElapsedTime(began));
            await ReleaseAsync().ConfigureAwait(false);
        }
    }

    private async ValueTask<StoreOutcome> WriteAsync(CacheEntry entry, TimeSpan lifetime, TimeSpan staleFor)
    {
        if (entries.IsResting)
            return StoreOutcome.Failed;
        if (!TryFences(entry, out var fences))
            return StoreOutcome.NoPosition;
        if (_ticket == 0)
        {
            var asked = await AskForTicketAsync([]).ConfigureAwait(false);
            if (asked.Code is not LeaseCode.Granted)
                return StoreOutcome.NoLog;
            _ticket = asked.Number;
        }

        var writing = new EntryWriting(entries, entryKey, codec);
        var outcome = writing.TryWrite(entry, fences, _ticket, lifetime, staleFor, out var bytes);
        if (outcome is not StoreOutcome.Stored)
            return outcome;
        // Its age counts from the end of the load, so its time in Redis is what is left.
        var left = lifetime - entries.Time.GetElapsedTime(entry.CreatedAt);
        if (left < TimeSpan.FromMilliseconds(1))
            return StoreOutcome.Expired;

        var clocks = StoreClocks.Read(entry.Dependencies.Where(d => d.Tenant == entry.Tenant).Select(d => d.Dependency));
        var own = fences[0].Position;
        var call = new StoreCall(
            log.Key, leaseKey, entryKey, LogText.OfEpoch(own.Epoch), own.Offset, _holder, (long)EntryWriting.Bounded(left).TotalMilliseconds, bytes, clocks);
        using var reply = await entries.Client.RunAsync(log.Slot, call).ConfigureAwait(false);
        var stored = (StoreCode)reply.Reader.ReadInt64();
        _holder = []; // the script has given it back
        return stored switch
        {
            StoreCode.Stored => StoreOutcome.Stored,
            StoreCode.Touched => StoreOutcome.Touched,
            StoreCode.Superseded => StoreOutcome.Superseded,
            _ => StoreOutcome.NoLog,
        };
    }

    // The position in each log that the entry was made from which this node had applied at its fence.
    private bool TryFences(CacheEntry entry, [NotNullWhen(true)] out EntryFence[]? fences)
    {
        fences = null;
        var tenants = entry.Clocks.Tenants.Prepend(entry.Tenant).Distinct().ToArray();
        var found = new EntryFence[tenants.Length];
        for (var i = 0; i < tenants.Length; i++)
        {
            if (entries.LogOf(tenants[i]).PositionAt(entry.Fence) is not { } position)
                return false;
            found[i] = new EntryFence(tenants[i], position);
        }

        fences = found;
        return true;
    }

    private async ValueTask<(LeaseCode Code, long Number, long? HolderFence)> AskForTicketAsync(byte[] holder)
    {
        var epoch = log.Known.Epoch;
        if (epoch == default)
            return (LeaseCode.NoLog, 0, null);
        var call = new LeaseCall(
            log.Key, leaseKey, entryKey, LogText.OfEpoch(epoch), holder, (long)entries.Limits.LeaseTime.TotalMilliseconds, _seen);
        using var reply = await entries.Client.RunAsync(log.Slot, call).ConfigureAwait(false);
        var reader = reply.Reader;
        reader.ReadAggregate();
        var (code, number) = ((LeaseCode)reader.ReadInt64(), reader.ReadInt64());
        var began = code is LeaseCode.Held ? RedisEntries.OffsetOf(reader.ReadBytes()) : null;
        return (code, number, began is { } offset ? log.FenceOf(new Position(epoch, offset)) : null);
    }

    private async Task ReleaseAsync()
    {
        if (_holder.Length == 0)
            return;
        var holder = _holder;
        _holder = [];
        await DeleteAsync(leaseKey, holder).ConfigureAwait(false);
    }

    // Only what is still there as it was seen.
    private async Task DeleteAsync(byte[] name, ReadOnlyMemory<byte> held)
    {
        try
        {
            (await entries.Client.RunAsync(log.Slot, new ReleaseCall(name, held)).ConfigureAwait(false)).Dispose();
        }
        catch (Exception e) when (entries.FailureOf(e) is not null)
        {
            // A lease lapses by itself, and what is damaged is replaced by the next load.
        }
    }

    private async ValueTask<EntryReading> TakeAsync(long ticket, bool isLeased, CancellationToken cancel)
    {
        _seen = [];
        var asked = entries.Time.GetTimestamp();
        // In this order: when another entry is stored in between, it counts as older than it is.
        var pttl = NumberAsync(entries.Client.SendAsync(log.Slot, KeyCommand.Pttl(entryKey), cancel));
        var get = entries.Client.SendAsync(log.Slot, KeyCommand.Get(entryKey), cancel);
        long left;
        try
        {
            left = await pttl.ConfigureAwait(false);
        }
        catch
        {
            await DropAsync(get).ConfigureAwait(false);
            throw;
        }

        using var reply = await get.ConfigureAwait(false);
        var (start, length) = Find(reply);
        if (length < 0 || left == -2)
            return new EntryReading(null, StoreOutcome.Absent, isLeased);
        var bytes = reply.Memory.Slice(start, length);
        _seen = bytes.Span[..Math.Min(length, EnvelopeFormat.HeadBytes)].ToArray();

        var outcome = EnvelopeReader.Read(bytes.Span, entryKey, entries.Secret, log.Tenant, out var envelope, out var value);
        // One without a time to live is none of ours, whatever it holds.
        if (outcome is StoreOutcome.Hit && left < 0)
            outcome = StoreOutcome.Damaged;
        if (outcome is not StoreOutcome.Hit)
        {
            await DeleteAsync(entryKey, bytes).ConfigureAwait(false);
            return new EntryReading(null, outcome, isLeased);
        }

        var reading = new EntryFences(entries, envelope!);
        outcome = await reading.TranslateAsync(cancel).ConfigureAwait(false);
        if (outcome is not StoreOutcome.Hit)
            return new EntryReading(null, outcome, isLeased);
        return EntryWriting.TryRead(codec, envelope!.Form, bytes.Span[value], out var read, out var size)
            ? new EntryReading(Entry(envelope, reading.Fence, ticket, asked, TimeSpan.FromMilliseconds(left), read, size), StoreOutcome.Hit, isLeased)
            : new EntryReading(null, StoreOutcome.Unreadable, isLeased);
    }

    private CacheEntry Entry(Envelope envelope, long fence, long ticket, long asked, TimeSpan left, object value, long size)
    {
        var clocks = new EntryClocks.Collector();
        entries.Clocks.AddClocks(log.Tenant, Tag.Root, clocks);
        foreach (var (tenant, dependency) in envelope.Dependencies)
            entries.Clocks.AddClocks(tenant, dependency, clocks);

        // No clock of another node takes part: what has passed of its lifetime is what is not left of it.
        left = left < envelope.Lifetime ? left : envelope.Lifetime;
        var created = asked - Timestamps(envelope.Lifetime - left);
        var expires = created + Timestamps(envelope.Lifetime);
        return new CacheEntry
        {
            Key = key,
            Value = value,
            Bytes = size,
            Fence = fence,
            Ticket = ticket,
            Clocks = clocks.ToClocks(),
            Dependencies = EntryDependencies.Of(envelope.Dependencies),
            Tenant = log.Tenant,
            CreatedAt = created,
            ExpiresAt = memoryLifetime is { } longest ? Math.Min(expires, asked + Timestamps(EntryWriting.Bounded(longest))) : expires,
            StaleUntil = expires + Timestamps(envelope.StaleFor),
        };
    }

    private long Timestamps(TimeSpan span) => (long)(span.TotalSeconds * entries.Time.TimestampFrequency);

    private static (int Start, int Length) Find(RespReply reply)
    {
        var reader = reply.Reader;
        var bytes = reader.ReadBytes();
        return reader.IsNull ? (0, -1) : (reader.Start, bytes.Length);
    }

    private static async ValueTask<long> NumberAsync(ValueTask<RespReply> sent)
    {
        using var reply = await sent.ConfigureAwait(false);
        return reply.Reader.ReadInt64();
    }

    private static async ValueTask DropAsync(ValueTask<RespReply> sent)
    {
        try
        {
            (await sent.ConfigureAwait(false)).Dispose();
        }
        catch (Exception e) when (e is RespException or OperationCanceledException)
        {
            // The first failure is the one that is told.
        }
    }

    private enum LeaseCode : byte
    {
        NoLog = 0,
        Granted = 1,
        Held = 2,
        Changed = 3,
    }

    private enum StoreCode : byte
    {
        Stored = 0,
        NoLog = 1,
        Touched = 2,
        Superseded = 3,
    }
}
