using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Freshet.Resp.Protocol;

namespace Freshet.Resp.Scripts;

/// <summary>A Lua script, run by its digest; a server that does not know it is sent the text. Immutable.</summary>
internal sealed class RespScript
{
    [SuppressMessage("Security", "CA5350:Do Not Use Weak Cryptographic Algorithms", Justification = "The name that Redis gives a script; it protects nothing.")]
    public RespScript(string text)
    {
        Text = Encoding.UTF8.GetBytes(text);
        Digest = Encoding.ASCII.GetBytes(Convert.ToHexStringLower(SHA1.HashData(Text)));
    }

    public byte[] Text { get; }

    /// <summary>SHA-1 in hexadecimal, as EVALSHA takes it.</summary>
    public byte[] Digest { get; }
}

/// <summary>The keys and arguments of one run of a script.</summary>
internal interface IRespScriptCall
{
    RespScript Script { get; }

    int Keys { get; }

    int Arguments { get; }

    /// <summary>Writes the keys, then the arguments.</summary>
    void Write(ref RespWriter writer);
}

/// <summary>EVALSHA, or EVAL where the server has answered NOSCRIPT.</summary>
internal readonly struct RunScript<TCall>(TCall call, bool withText = false) : IRespCommand
    where TCall : struct, IRespScriptCall
{
    public void Write(ref RespWriter writer)
    {
        writer.Begin(3 + call.Keys + call.Arguments);
        if (withText)
        {
            writer.Add("EVAL"u8);
            writer.Add(call.Script.Text);
        }
        else
        {
            writer.Add("EVALSHA"u8);
            writer.Add(call.Script.Digest);
        }

        writer.Add(call.Keys);
        call.Write(ref writer);
    }
}
