using System.Globalization;
using Freshet.Resp.Protocol;

namespace Freshet.Redis.Values;

/// <summary>A command of a name and one key.</summary>
internal readonly struct KeyCommand(byte[] name, byte[] key) : IRespCommand
{
    private static readonly byte[] GetName = "GET"u8.ToArray();
    private static readonly byte[] PttlName = "PTTL"u8.ToArray();

    public static KeyCommand Get(byte[] key) => new(GetName, key);

    public static KeyCommand Pttl(byte[] key) => new(PttlName, key);

    public void Write(ref RespWriter writer)
    {
        writer.Begin(2);
        writer.Add(name);
        writer.Add(key);
    }
}

/// <summary>Reads where a log stands, and clocks of it.</summary>
internal readonly struct ClocksCommand(byte[] log, int[] clocks) : IRespCommand
{
    public void Write(ref RespWriter writer)
    {
        writer.Begin(4 + clocks.Length);
        writer.Add("HMGET"u8);
        writer.Add(log);
        writer.Add("e"u8);
        writer.Add("o"u8);
        foreach (var clock in clocks)
            writer.Add(string.Create(CultureInfo.InvariantCulture, $"c{clock}"));
    }
}
