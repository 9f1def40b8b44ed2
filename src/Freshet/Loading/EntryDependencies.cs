using System.Buffers;
using System.Collections;
using System.Text;
using Freshet.Memory;

namespace Freshet.Loading;

/// <summary>
/// What an entry was made from, written into one array of bytes: entries are judged by their clocks, so these texts are read only
/// by people, by loads around, and on the way to the shared store. As objects they would take 20 times as much. Immutable;
/// default is none.
/// </summary>
/// <remarks>
/// <code>
/// of each tenant in turn: its id as text, varint how many dependencies, and these
/// dependency: 1 byte, how many segments it begins with as the one before it does, plus 128 for a subtree
///             1 byte, how many segments follow, and each of them as text
/// text: varint how many bytes, then UTF-8
/// </code>
/// </remarks>
internal readonly struct EntryDependencies : IEnumerable<EntryDependency>, IEquatable<EntryDependencies>
{
    private const byte SubtreeBit = 0x80;

    private readonly byte[]? _packed;

    private EntryDependencies(byte[] packed) => _packed = packed;

    public bool IsEmpty => _packed is null;

    /// <summary>How many bytes of memory they take.</summary>
    public long Bytes => ObjectSize.Array(_packed?.Length ?? 0, 1);

    public static EntryDependencies Of(IReadOnlyCollection<EntryDependency> dependencies)
    {
        if (dependencies.Count == 0)
            return default;
        var target = new ArrayBufferWriter<byte>(16 + (8 * dependencies.Count));
        foreach (var group in dependencies.GroupBy(d => d.Tenant))
        {
            WriteText(target, group.Key.Id);
            WriteNumber(target, group.Count());
            ReadOnlySpan<string> last = [];
            foreach (var (_, dependency) in group)
            {
                var path = dependency.Tag.Segments;
                var common = last.CommonPrefixLength(path, StringComparer.Ordinal);
                WriteByte(target, (byte)(common | (dependency.IsSubtree ? SubtreeBit : 0)));
                WriteByte(target, (byte)(path.Length - common));
                foreach (var segment in path[common..])
                    WriteText(target, segment);
                last = path;
            }
        }

        return new EntryDependencies(target.WrittenSpan.ToArray());
    }

    public IEnumerator<EntryDependency> GetEnumerator()
    {
        if (_packed is null)
            yield break;
        for (var at = 0; at < _packed.Length;)
        {
            _ = Tenant.TryFromId(ReadText(ref at), out var tenant);
            string[] path = [];
            for (var count = ReadNumber(ref at); count > 0; count--)
            {
                var (common, added) = (_packed[at] & ~SubtreeBit, _packed[at + 1]);
                var isSubtree = (_packed[at] & SubtreeBit) != 0;
                at += 2;
                path = [.. path.AsSpan(0, common), .. new string[added]];
                for (var i = common; i < path.Length; i++)
                    path[i] = ReadText(ref at);
                var tag = path.Length == 0 ? Tag.Root : Tag.Of(path);
                yield return new EntryDependency(tenant, isSubtree ? tag.Subtree : tag);
            }
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Whether both are of one entry.</summary>
    public bool Equals(EntryDependencies other) => ReferenceEquals(_packed, other._packed);

    public override bool Equals(object? obj) => obj is EntryDependencies other && Equals(other);

    public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(_packed);

    private static void WriteByte(ArrayBufferWriter<byte> target, byte value)
    {
        target.GetSpan(1)[0] = value;
        target.Advance(1);
    }

    private static void WriteNumber(ArrayBufferWriter<byte> target, int number)
    {
        for (; number >= 0x80; number >>= 7)
            WriteByte(target, (byte)(number | 0x80));
        WriteByte(target, (byte)number);
    }

    // Segments and ids are well-formed, so nothing is lost.
    private static void WriteText(ArrayBufferWriter<byte> target, string text)
    {
        WriteNumber(target, Encoding.UTF8.GetByteCount(text));
        Encoding.UTF8.GetBytes(text, target);
    }

    private int ReadNumber(ref int at)
    {
        var (number, shift) = (0, 0);
        for (; _packed![at] >= 0x80; at++, shift += 7)
            number |= (_packed[at] & 0x7F) << shift;
        return number | (_packed[at++] << shift);
    }

    private string ReadText(ref int at)
    {
        var length = ReadNumber(ref at);
        var text = Encoding.UTF8.GetString(_packed!, at, length);
        at += length;
        return text;
    }
}
