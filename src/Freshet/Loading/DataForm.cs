using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using Freshet.Memory;
using Microsoft.Extensions.Caching.Hybrid;

namespace Freshet.Loading;

/// <summary>How values of one type are kept in memory, and written for other nodes.</summary>
/// <param name="owner">The cache that keeps them.</param>
/// <param name="serializer">Writes and reads them.</param>
/// <param name="isKept">Whether memory keeps them as they are; else it keeps the bytes.</param>
/// <param name="keyPrefix">The parts that begin the key of every value of this type.</param>
internal sealed class DataForm<T>(DataSerializers owner, IHybridCacheSerializer<T> serializer, bool isKept, string keyPrefix) : ValueCodec
{
    // What is no Unicode would come back as something else.
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public DataSerializers Owner => owner;

    public string KeyPrefix => keyPrefix;

    public T Read(object stored)
    {
        if (isKept || stored is not byte[] bytes)
            return stored is T value ? value : default!; // null is kept as an object of its own
        return serializer.Deserialize(new ReadOnlySequence<byte>(bytes));
    }

    public object Write(T value, out long bytes)
    {
        if (value is null)
        {
            bytes = 0;
            return Null.Instance;
        }

        if (isKept)
        {
            bytes = SizeOf(value);
            return value;
        }

        var buffer = new ArrayBufferWriter<byte>();
        serializer.Serialize(value, buffer);
        var written = buffer.WrittenSpan.ToArray();
        bytes = ObjectSize.Array(written.Length, 1);
        return written;
    }

    /// <inheritdoc/>
    public override bool TryWrite(object value, IBufferWriter<byte> target, out ValueForm form)
    {
        form = ReferenceEquals(value, Null.Instance) ? ValueForm.Null : ValueForm.Data;
        switch (value)
        {
            case Null:
                return true;
            case byte[] bytes when !isKept:
                target.Write(bytes);
                return true;
            case string text when typeof(T) == typeof(string):
                return TryWriteText(text, target);
            case T kept:
                return TryWriteKept(kept, target);
            default:
                return false;
        }
    }

    /// <inheritdoc/>
    public override bool TryRead(ValueForm form, ReadOnlySpan<byte> bytes, out object value, out long size)
    {
        (value, size) = (Null.Instance, 0);
        if (form is ValueForm.Null)
            return bytes.IsEmpty;
        if (form is not ValueForm.Data)
            return false;
        if (!isKept)
        {
            // Whoever asks reads it anew each time. What cannot be read, such as what a build with other members wrote, must show here.
            var own = bytes.ToArray();
            _ = serializer.Deserialize(new ReadOnlySequence<byte>(own));
            (value, size) = (own, ObjectSize.Array(own.Length, 1));
            return true;
        }

        if (typeof(T) == typeof(string))
        {
            var text = Utf8.GetString(bytes);
            (value, size) = (text, ObjectSize.String(text));
            return true;
        }

        if (serializer.Deserialize(new ReadOnlySequence<byte>(bytes.ToArray())) is not { } read)
            return false;
        (value, size) = (read, SizeOf(read));
        return true;
    }

    private static bool TryWriteText(string text, IBufferWriter<byte> target)
    {
        try
        {
            Utf8.GetBytes(text, target);
            return true;
        }
        catch (EncoderFallbackException)
        {
            return false; // half a surrogate pair: only this node's memory can hold it
        }
    }

    // Memory keeps the value itself, so what other nodes read must be no less: a serializer that leaves fields out is found here.
    private bool TryWriteKept(T value, IBufferWriter<byte> target)
    {
        var buffer = new ArrayBufferWriter<byte>();
        serializer.Serialize(value, buffer);
        if (!EqualityComparer<T>.Default.Equals(serializer.Deserialize(new ReadOnlySequence<byte>(buffer.WrittenMemory)), value))
            return false;
        target.Write(buffer.WrittenSpan);
        return true;
    }

    private static long SizeOf(T value) => value is string text ? ObjectSize.String(text) : ObjectSize.Object(Unsafe.SizeOf<T>());

    private sealed class Null
    {
        public static Null Instance { get; } = new();
    }
}
