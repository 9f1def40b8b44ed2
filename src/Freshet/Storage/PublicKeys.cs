using Freshet.Keys;

namespace Freshet.Storage;

/// <summary>The keys of this process alone: one bit for each. A collision only touches too much.</summary>
internal sealed class PublicKeys : IPublicKeyStore
{
    private const int Bits = 1 << 20;

    private readonly TagHash _hash = TagHash.Random();
    private readonly long[] _words = new long[Bits / 64];

    /// <inheritdoc/>
    public ValueTask<bool> TryAddAsync(Tag key)
    {
        var bit = BitOf(key);
        // A full fence in both branches: the load reads after it.
        if ((Volatile.Read(ref _words[bit / 64]) & (1L << bit)) == 0)
            Interlocked.Or(ref _words[bit / 64], 1L << bit);
        else
            Interlocked.MemoryBarrier();
        return new(true);
    }

    /// <inheritdoc/>
    public ValueTask<bool> MayHoldAsync(Tag key)
    {
        Interlocked.MemoryBarrier();
        var bit = BitOf(key);
        return new((Volatile.Read(ref _words[bit / 64]) & (1L << bit)) != 0);
    }

    private int BitOf(Tag key) => (int)(_hash.OfPath(key.Segments) % Bits);
}
