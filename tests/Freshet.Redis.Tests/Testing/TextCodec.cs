using System.Buffers;
using System.Text;
using Freshet.Loading;

namespace Freshet.Redis.Tests.Testing;

/// <summary>Texts as they are.</summary>
internal sealed class TextCodec : ValueCodec
{
    public override bool TryWrite(object value, IBufferWriter<byte> target, out ValueForm form)
    {
        form = ValueForm.Data;
        Encoding.UTF8.GetBytes((string)value, target);
        return true;
    }

    public override bool TryRead(ValueForm form, ReadOnlySpan<byte> bytes, out object value, out long size)
    {
        value = Encoding.UTF8.GetString(bytes);
        size = bytes.Length;
        return true;
    }
}
