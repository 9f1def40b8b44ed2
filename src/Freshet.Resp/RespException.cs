using System.Text;

namespace Freshet.Resp;

/// <summary>A command was not carried out, or nobody knows whether it was.</summary>
internal abstract class RespException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Whether the server may have carried it out.</summary>
    public abstract bool MayHaveRun { get; }
}

/// <summary>There is no connection, or it has ended.</summary>
/// <param name="message">Why.</param>
/// <param name="mayHaveRun">Whether the command had been handed to the network.</param>
/// <param name="inner">What the network said.</param>
internal sealed class RespConnectionException(string message, bool mayHaveRun, Exception? inner = null) : RespException(message, inner)
{
    public override bool MayHaveRun => mayHaveRun;
}

/// <summary>The server did not answer in time. Its answer, should it still come, is thrown away.</summary>
internal sealed class RespTimeoutException(TimeSpan timeout) : RespException($"The server did not answer within {timeout.TotalMilliseconds:F0} ms.")
{
    public override bool MayHaveRun => true;
}

/// <summary>The server answered with an error.</summary>
/// <param name="code">Its first word, such as <c>MOVED</c>.</param>
/// <param name="message">The text, fit for a log: without the arguments that Redis repeats of a command that it does not know, without control characters, and not long.</param>
internal sealed class RespServerException(string code, string message) : RespException($"The server answered: {message}")
{
    private const int Longest = 400;

    public string Code => code;

    public override bool MayHaveRun => false;

    /// <summary>Makes it from the text of the error.</summary>
    public static RespServerException Of(ReadOnlySpan<byte> text)
    {
        var message = Encoding.UTF8.GetString(text[..Math.Min(text.Length, Longest)]);
        var arguments = message.IndexOf(", with args", StringComparison.Ordinal);
        if (arguments >= 0)
            message = message[..arguments];
        message = string.Create(message.Length, message, static (clean, from) =>
        {
            for (var i = 0; i < clean.Length; i++)
                clean[i] = char.IsControl(from[i]) ? ' ' : from[i];
        });
        var space = message.IndexOf(' ', StringComparison.Ordinal);
        return new RespServerException(space < 0 ? message : message[..space], message);
    }
}
