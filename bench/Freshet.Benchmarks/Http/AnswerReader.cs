using System.Text;

namespace Freshet.Benchmarks.Http;

/// <summary>Counts the answers in a stream of bytes, and refuses one that has not the right status or is not the right length.</summary>
internal sealed class AnswerReader(byte[] status, int bodyLength, int pipeline)
{
    private readonly byte[] _buffer = new byte[(pipeline + 1) * 2048]; // ten thousand of them must not fill the memory
    private int _filled;
    private int _bodyLeft;

    public Memory<byte> Free => _buffer.AsMemory(_filled);

    /// <summary>Takes what was read into <see cref="Free"/>; returns how many answers it completed.</summary>
    public int Take(int read)
    {
        _filled += read;
        var answers = 0;
        var rest = _buffer.AsSpan(0, _filled);
        while (!rest.IsEmpty)
        {
            if (_bodyLeft > 0)
            {
                var body = Math.Min(_bodyLeft, rest.Length);
                rest = rest[body..];
                _bodyLeft -= body;
                if (_bodyLeft == 0)
                    answers++;
                continue;
            }

            var head = rest.IndexOf("\r\n\r\n"u8);
            if (head < 0)
                break;
            if (!rest.StartsWith(status))
                throw new InvalidDataException($"Unexpected answer: {Encoding.ASCII.GetString(rest[..head])}");
            rest = rest[(head + 4)..];
            _bodyLeft = bodyLength;
            if (_bodyLeft == 0)
                answers++;
        }

        rest.CopyTo(_buffer);
        _filled = rest.Length;
        return answers;
    }
}
