using Freshet.Resp.Protocol;
using Freshet.Resp.Scripts;
using Freshet.Resp.Tests.Connections;
using Freshet.Resp.Topology;

namespace Freshet.Resp.Tests.Topology;

/// <summary>A script that tells whether its key exists.</summary>
internal readonly struct ExistsCall(string key) : IRespScriptCall
{
    private static readonly RespScript Exists = new("return redis.call('EXISTS', KEYS[1])");

    public RespScript Script => Exists;

    public int Keys => 1;

    public int Arguments => 0;

    public void Write(ref RespWriter writer) => writer.Add(key);
}

internal static class ScriptExtensions
{
    /// <summary>Runs it; the reply as text.</summary>
    public static Task<string> RunAsync(this RespClient client, string key) =>
        ScriptedPeer.TextAsync(client.RunAsync(ClusterFixture.SlotOf(key), new ExistsCall(key)));
}
