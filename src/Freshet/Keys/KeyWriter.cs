using System.Buffers;

namespace Freshet.Keys;

/// <summary>
/// Writes a cache key part by part into a caller's buffer, growing into a pooled one when it must.
/// </summary>
/// <remarks>
/// Each part is preceded by its length plus one, as one UTF-16 code unit; zero stands for null. Every part delimits itself,
/// so the sequence of parts can be read back from the key and two different sequences never give the same key. Nothing is
/// folded, trimmed or normalised. A part that breaks the rules of <see cref="KeyPart"/> makes the key unusable and is
/// reported by <see cref="Error"/> and <see cref="ErrorPart"/>: bad input from a client is a bypass, never an exception.
/// </remarks>
internal ref struct KeyWriter
{
    private Span<char> _buffer;
    private char[]? _rented;
    private int _length;

    public KeyWriter(Span<char> buffer)
    {
        _buffer = buffer;
        ErrorPart = "";
    }

    public KeyPartError Error { get; private set; }

    public string ErrorPart { get; private set; }

    public readonly ReadOnlySpan<char> Written => _buffer[.._length];

    public void AppendNull() => Raw('\0');

    /// <param name="value">The part; null is a value of its own, different from an empty part.</param>
    /// <param name="part">What the part is, for the error.</param>
    public void Append(string? value, string part)
    {
        // Most parts of most requests are nothing: no path base, no query, the invariant culture.
        if (string.IsNullOrEmpty(value))
            Raw(value is null ? '\0' : '\u0001');
        else
            Append(value.AsSpan(), part);
    }

    public void Append(ReadOnlySpan<char> value, string part)
    {
        var error = KeyPart.Check(value);
        if (error is not KeyPartError.None)
        {
            Fail(error, part);
            return;
        }

        Grow(value.Length + 1);
        _buffer[_length++] = (char)(value.Length + 1);
        value.CopyTo(_buffer[_length..]);
        _length += value.Length;
    }

    /// <summary>Appends a part that obeyed <see cref="KeyPart"/> when it was made, such as the id of a tenant.</summary>
    public void AppendChecked(string value)
    {
        Grow(value.Length + 1);
        _buffer[_length++] = (char)(value.Length + 1);
        value.CopyTo(_buffer[_length..]);
        _length += value.Length;
    }

    /// <summary>Appends parts that were written by another writer, such as the prefix that all keys of a policy share.</summary>
    public void AppendWritten(ReadOnlySpan<char> parts)
    {
        Grow(parts.Length);
        parts.CopyTo(_buffer[_length..]);
        _length += parts.Length;
    }

    /// <summary>Appends a count, so that a list of parts is told from the parts that follow it.</summary>
    public void AppendCount(int count, string part)
    {
        // The highest code unit below the surrogates; no policy has lists of that length.
        if ((uint)count > 0xD7FE)
            Fail(KeyPartError.TooManyParts, part);
        else
            Raw((char)(count + 1));
    }

    public readonly override string ToString() => new(Written);

    public void Dispose()
    {
        if (_rented is { } rented)
            ArrayPool<char>.Shared.Return(rented);
        this = default;
    }

    private void Fail(KeyPartError error, string part)
    {
        if (Error is not KeyPartError.None)
            return;
        Error = error;
        ErrorPart = part;
    }

    private void Raw(char unit)
    {
        Grow(1);
        _buffer[_length++] = unit;
    }

    private void Grow(int more)
    {
        if (_length + more <= _buffer.Length)
            return;

        var larger = ArrayPool<char>.Shared.Rent(Math.Max(_length + more, _buffer.Length * 2));
        Written.CopyTo(larger);
        if (_rented is { } rented)
            ArrayPool<char>.Shared.Return(rented);
        _buffer = _rented = larger;
    }
}
