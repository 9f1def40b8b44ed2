using System.Text;
using Freshet.Redis.Scripts;
using Freshet.Resp.Protocol;
using Freshet.Resp.Scripts;

namespace Freshet.Redis.Agreements;

/// <summary>Joins the nodes that are alive; the reply is whether it has, the terms of the others, and for how long such nodes are alive.</summary>
internal readonly struct AgreeCall(byte[] key, string terms, TimeSpan life, string judged, bool hasDatabases) : IRespScriptCall
{
    private static readonly RespScript Agree = LogScripts.Read("agree.lua");

    public RespScript Script => Agree;

    public int Keys => 1;

    public int Arguments => 4;

    public void Write(ref RespWriter writer)
    {
        writer.Add(key);
        writer.Add(Encoding.UTF8.GetBytes(terms));
        writer.Add((long)life.TotalMilliseconds);
        writer.Add(Encoding.UTF8.GetBytes(judged));
        writer.Add(hasDatabases ? "0"u8 : ""u8);
    }
}
