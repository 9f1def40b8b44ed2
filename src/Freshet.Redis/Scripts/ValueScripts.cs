using Freshet.Resp.Protocol;
using Freshet.Resp.Scripts;

namespace Freshet.Redis.Scripts;

/// <summary>The steps on entries that must be atomic: one script each, which names its rules.</summary>
internal static class ValueScripts
{
    public static RespScript Lease { get; } = LogScripts.Read("lease.lua");

    public static RespScript Store { get; } = LogScripts.Read("store.lua");

    public static RespScript Release { get; } = LogScripts.Read("release.lua");
}

/// <summary>Asks for the right to load and a ticket; the reply is what became of it and a number.</summary>
internal readonly struct LeaseCall(byte[] log, byte[] lease, byte[] entry, byte[] epoch, byte[] holder, long milliseconds, byte[] seen) : IRespScriptCall
{
    public RespScript Script => ValueScripts.Lease;

    public int Keys => 3;

    public int Arguments => 4;

    public void Write(ref RespWriter writer)
    {
        writer.Add(log);
        writer.Add(lease);
        writer.Add(entry);
        writer.Add(epoch);
        writer.Add(holder);
        writer.Add(milliseconds);
        writer.Add(seen);
    }
}

/// <summary>Stores an entry and gives the right to load back; the reply is what became of it.</summary>
internal readonly struct StoreCall(
    byte[] log, byte[] lease, byte[] entry, byte[] epoch, long fence, byte[] holder, long milliseconds, ReadOnlyMemory<byte> value, int[] clocks) : IRespScriptCall
{
    public RespScript Script => ValueScripts.Store;

    public int Keys => 3;

    public int Arguments => 5 + clocks.Length;

    public void Write(ref RespWriter writer)
    {
        writer.Add(log);
        writer.Add(lease);
        writer.Add(entry);
        writer.Add(epoch);
        writer.Add(fence);
        writer.Add(holder);
        writer.Add(milliseconds);
        writer.Add(value.Span);
        foreach (var clock in clocks)
            writer.Add(clock);
    }
}

/// <summary>Deletes a key that still holds what the caller knows.</summary>
internal readonly struct ReleaseCall(byte[] key, ReadOnlyMemory<byte> held) : IRespScriptCall
{
    public RespScript Script => ValueScripts.Release;

    public int Keys => 1;

    public int Arguments => 1;

    public void Write(ref RespWriter writer)
    {
        writer.Add(key);
        writer.Add(held.Span);
    }
}
