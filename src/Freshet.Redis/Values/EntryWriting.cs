using System.Buffers;
using Freshet.Loading;
using Freshet.Memory;
using Freshet.Storage;

namespace Freshet.Redis.Values;

/// <summary>Makes the bytes of an entry, and its value from them. What a codec throws is an outcome: the value may be anybody's type.</summary>
internal sealed class EntryWriting(RedisEntries entries, byte[] entryKey, ValueCodec codec)
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(3650);

    /// <returns><see cref="StoreOutcome.Stored"/>, or why there are no bytes.</returns>
    public StoreOutcome TryWrite(
        CacheEntry entry, EntryFence[] fences, long ticket, TimeSpan lifetime, TimeSpan staleFor, out ReadOnlyMemory<byte> bytes)
    {
        bytes = default;
        var most = entries.Limits.MaxEntryBytes;
        var value = new ArrayBufferWriter<byte>();
        if (!TryWrite(entry.Value, value, out var form))
            return StoreOutcome.Unwritable;
        if (value.WrittenCount > most)
            return StoreOutcome.TooLarge;

        var whole = new ArrayBufferWriter<byte>(value.WrittenCount + 512);
        var envelope = new Envelope(form, fences, ticket, Bounded(lifetime), Bounded(staleFor), [.. entry.Dependencies]);
        if (!EnvelopeWriter.TryWriteHead(envelope, whole))
            return StoreOutcome.TooLarge;
        whole.Write(value.WrittenSpan);
        EnvelopeWriter.WriteCheck(whole, entryKey, entries.Secret);
        bytes = whole.WrittenMemory;
        return bytes.Length > most ? StoreOutcome.TooLarge : StoreOutcome.Stored;
    }

    public static bool TryRead(ValueCodec codec, ValueForm form, ReadOnlySpan<byte> bytes, out object value, out long size)
    {
        try
        {
            return codec.TryRead(form, bytes, out value, out size);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            (value, size) = (new object(), 0);
            return false;
        }
    }

    /// <summary>What is fresh for ever is so for ten years.</summary>
    public static TimeSpan Bounded(TimeSpan time) => time < Longest ? time : Longest;

    private bool TryWrite(object value, ArrayBufferWriter<byte> target, out ValueForm form)
    {
        try
        {
            return codec.TryWrite(value, target, out form);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            form = default;
            return false;
        }
    }
}
