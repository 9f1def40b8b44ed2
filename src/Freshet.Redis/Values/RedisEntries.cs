using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Freshet.Coherence;
using Freshet.Diagnostics;
using Freshet.Loading;
using Freshet.Redis.Keys;
using Freshet.Redis.Logs;
using Freshet.Resp;
using Freshet.Resp.Protocol;
using Freshet.Resp.Topology;
using Freshet.Storage;

namespace Freshet.Redis.Values;

/// <summary>The bounds of what lies in Redis.</summary>
/// <param name="LeaseTime">For how long one node has the right to load a key.</param>
/// <param name="MaxEntryBytes">The largest entry, all of it.</param>
internal sealed record EntryLimits(TimeSpan LeaseTime, int MaxEntryBytes);

/// <summary>What nodes have loaded, in Redis: one key for each entry, and one for the right to load it. Safe for concurrent use.</summary>
internal sealed class RedisEntries(
    RedisLogs logs, PhysicalKeys keys, byte[] secret, EntryLimits limits, TagClocks clocks, TimeProvider time, CacheMetrics metrics) : IEntryStore
{
    private const int MostStoring = 512;

    // Nobody waits for one reply after the other of a server that does not answer.
    private static readonly TimeSpan RestAfterTimeout = TimeSpan.FromSeconds(1);

    private readonly string _node = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
    private long _holders;
    private int _storing;
    private long _restsUntil = long.MinValue;

    public byte[] Secret => secret;

    public EntryLimits Limits => limits;

    public TagClocks Clocks => clocks;

    public TimeProvider Time => time;

    public CacheMetrics Metrics => metrics;

    public RespClient Client => logs.Client;

    /// <summary>Whether a reply was late only just now.</summary>
    public bool IsResting => time.GetTimestamp() < Volatile.Read(ref _restsUntil);

    /// <inheritdoc/>
    public IEntrySlot Open(Tenant tenant, string key, ValueCodec codec, TimeSpan? memoryLifetime)
    {
        var log = LogOf(tenant);
        var (entry, lease) = keys.Entry(log.Name, key);
        return new EntrySlot(this, log, key, entry, lease, codec, memoryLifetime);
    }

    public FollowedLog LogOf(Tenant tenant) => logs.LogOf(tenant);

    /// <summary>A name that no other load has, on whatever node.</summary>
    /// <param name="offset">The position in the tenant's log at which its load began, for those who wait for it; null when that is not known.</param>
    public byte[] NewHolder(long? offset) =>
        Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{_node}{Interlocked.Increment(ref _holders)}:{offset}"));

    /// <summary>The position in a holder's name.</summary>
    public static long? OffsetOf(ReadOnlySpan<byte> holder)
    {
        var digits = holder[(holder.LastIndexOf((byte)':') + 1)..];
        return Utf8Parser.TryParse(digits, out long offset, out var used) && used == digits.Length ? offset : null;
    }

    /// <summary>Takes a place among those that are being stored.</summary>
    public bool TryBeginStoring()
    {
        if (Interlocked.Increment(ref _storing) <= MostStoring)
            return true;
        EndStoring();
        return false;
    }

    public void EndStoring() => Interlocked.Decrement(ref _storing);

    /// <summary>What a failure of the store is called; null when it is a fault of ours.</summary>
    public StoreOutcome? FailureOf(Exception e)
    {
        if (e is RespTimeoutException or TimeoutException)
            Volatile.Write(ref _restsUntil, time.GetTimestamp() + (long)(RestAfterTimeout.TotalSeconds * time.TimestampFrequency));
        return e switch
        {
            RespServerException { Code: "WRONGTYPE" } => StoreOutcome.WrongType,
            RespException or RespProtocolException or TimeoutException => StoreOutcome.Failed,
            _ => null,
        };
    }
}
