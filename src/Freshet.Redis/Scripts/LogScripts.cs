using Freshet.Resp.Protocol;
using Freshet.Resp.Scripts;

namespace Freshet.Redis.Scripts;

/// <summary>The steps on a log that must be atomic: one script each, which names its rules.</summary>
internal static class LogScripts
{
    public static RespScript Append { get; } = Read("append.lua");

    public static RespScript Beat { get; } = Read("beat.lua");

    public static RespScript Epoch { get; } = Read("epoch.lua");

    public static RespScript Mark { get; } = Read("mark.lua");

    internal static RespScript Read(string name)
    {
        using var stream = typeof(LogScripts).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        return new RespScript(reader.ReadToEnd());
    }
}

/// <summary>Appends a record; the reply is the epoch and the offset.</summary>
internal readonly struct AppendCall(
    byte[] log, byte[] newEpoch, bool isSharded, byte[] channel, byte[] record, long lifetime, int[] clocks) : IRespScriptCall
{
    public RespScript Script => LogScripts.Append;

    public int Keys => 1;

    public int Arguments => 5 + clocks.Length;

    public void Write(ref RespWriter writer)
    {
        writer.Add(log);
        writer.Add(newEpoch);
        writer.Add(isSharded ? "SPUBLISH"u8 : "PUBLISH"u8);
        writer.Add(channel);
        writer.Add(record);
        writer.Add(lifetime);
        foreach (var clock in clocks)
            writer.Add(clock);
    }
}

/// <summary>Proves that the server leads; the reply is its incarnation.</summary>
internal readonly struct BeatCall(byte[] log) : IRespScriptCall
{
    public RespScript Script => LogScripts.Beat;

    public int Keys => 1;

    public int Arguments => 0;

    public void Write(ref RespWriter writer) => writer.Add(log);
}

/// <summary>Begins an epoch; the reply is 1, or 0 when the log is another one by now.</summary>
internal readonly struct EpochCall(byte[] log, byte[] expected, byte[] next, long lifetime) : IRespScriptCall
{
    public RespScript Script => LogScripts.Epoch;

    public int Keys => 1;

    public int Arguments => 3;

    public void Write(ref RespWriter writer)
    {
        writer.Add(log);
        writer.Add(expected);
        writer.Add(next);
        writer.Add(lifetime);
    }
}

/// <summary>Marks a key of public data, or asks for the mark; the reply is 1, 0, or -1 when the log is another one.</summary>
internal readonly struct MarkCall(byte[] log, byte[] epoch, int place, bool set) : IRespScriptCall
{
    public RespScript Script => LogScripts.Mark;

    public int Keys => 1;

    public int Arguments => 3;

    public void Write(ref RespWriter writer)
    {
        writer.Add(log);
        writer.Add(epoch);
        writer.Add(place);
        writer.Add(set ? "1"u8 : "0"u8);
    }
}
