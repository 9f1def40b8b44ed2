using Freshet.Keys;

namespace Freshet.Loading;

/// <summary>
/// Which keys of data this node has ever held as public data. Who sets or removes a key does not know whether a public value
/// was made under it too; without this, each such call in any tenant would be a record in the public log, which every
/// client of every tenant follows. A collision only touches too much. Safe for concurrent use.
/// </summary>
/// <remarks>
/// Nothing is missed: a load adds its key before it reads anything, and a writer asks after its change was committed. When
/// the writer does not find the key, the load has read what the writer wrote (both are full fences).
/// </remarks>
internal sealed class PublicKeys
{
    private const int Bits = 1 << 20;

    private readonly TagHash _hash = TagHash.Random();
    private readonly long[] _words = new long[Bits / 64];

    public void Add(Tag key)
    {
        var bit = BitOf(key);
        if ((Volatile.Read(ref _words[bit / 64]) & (1L << bit)) == 0)
            Interlocked.Or(ref _words[bit / 64], 1L << bit);
        else
            Interlocked.MemoryBarrier();
    }

    public bool MayHold(Tag key)
    {
        Interlocked.MemoryBarrier();
        var bit = BitOf(key);
        return (Volatile.Read(ref _words[bit / 64]) & (1L << bit)) != 0;
    }

    private int BitOf(Tag key) => (int)(_hash.OfPath(key.Segments) % Bits);
}
