using System.Buffers;

namespace Freshet.Loading;

/// <summary>How the value of an entry is written for the shared store, and read back. Safe for concurrent use.</summary>
internal abstract class ValueCodec
{
    /// <summary>Writes the value.</summary>
    /// <param name="value">What an entry holds.</param>
    /// <param name="target">Receives the bytes.</param>
    /// <param name="form">How they are to be read.</param>
    /// <returns>False when it has no form as bytes: then it stays in this node's memory.</returns>
    public abstract bool TryWrite(object value, IBufferWriter<byte> target, out ValueForm form);

    /// <summary>Reads a value. The bytes are only borrowed.</summary>
    /// <param name="form">How it was written.</param>
    /// <param name="bytes">What was written.</param>
    /// <param name="value">What an entry holds.</param>
    /// <param name="size">Its size for the memory tier.</param>
    /// <returns>False when they are no such value.</returns>
    public abstract bool TryRead(ValueForm form, ReadOnlySpan<byte> bytes, out object value, out long size);
}

/// <summary>How a value is written; a part of the store's format.</summary>
internal enum ValueForm : byte
{
    /// <summary>An HTTP response.</summary>
    Response = 1,

    /// <summary>Data, in the form of its type's serializer.</summary>
    Data = 2,

    /// <summary>Data: null.</summary>
    Null = 3,
}
