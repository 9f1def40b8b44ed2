using System.Globalization;
using Freshet.Resp.Addresses;

namespace Freshet.Resp.Tests.Addresses;

/// <summary>Both forms of an address: what they mean, and what is wrong with one that is none.</summary>
public sealed class AddressTests
{
    private const string Secret = "s3cr3t";

    /// <summary>The text, and what it says: servers, database, user, password.</summary>
    public static TheoryData<string, string, int, string?, string?> Good() => new()
    {
        { "redis://localhost", "localhost:6379", 0, null, null },
        { "redis://localhost/", "localhost:6379", 0, null, null },
        { "REDIS://LocalHost:7000/3", "LocalHost:7000", 3, null, null },
        { "redis://10.0.0.1:7000,10.0.0.2:7001,c", "10.0.0.1:7000 10.0.0.2:7001 c:6379", 0, null, null },
        { "redis://[::1]:7000", "::1:7000", 0, null, null },
        { "redis://[fe80::1]", "fe80::1:6379", 0, null, null },
        { "redis://redis_1.internal-net:6380", "redis_1.internal-net:6380", 0, null, null },
        { "redis://user:pass@host", "host:6379", 0, "user", "pass" },
        { "redis://:pass@host:1/2", "host:1", 2, null, "pass" },
        { "redis://:@host", "host:6379", 0, null, null },
        { "redis://u%40x:p%40%3A%2F%3F%23%25%2C%20%C3%A9@host", "host:6379", 0, "u@x", "p@:/?#%, é" },
        { "redis://user:a:b@host", "host:6379", 0, "user", "a:b" },
        { "redis://user:a@b@host", "host:6379", 0, "user", "a@b" },
        { "redis://u:p+q@host", "host:6379", 0, "u", "p+q" },
        { "redis://host?db=4&user=u&password=p%26q", "host:6379", 4, "u", "p&q" },
        { "localhost", "localhost:6379", 0, null, null },
        { " localhost:7000 , other ", "localhost:7000 other:6379", 0, null, null },
        { "[::1]:7000,::2,[::3]", "::1:7000 ::2:6379 ::3:6379", 0, null, null },
        { "host:6380,password=pass,user=u,defaultDatabase=2", "host:6380", 2, "u", "pass" },
        { "host,PASSWORD=a=b==", "host:6379", 0, null, "a=b==" },
        { "host, password = p%40ss ", "host:6379", 0, null, "p%40ss" },
        { "host,password=", "host:6379", 0, null, null },
        { "host,user=,password=p", "host:6379", 0, null, "p" },
        { "db=1,host", "host:6379", 1, null, null },
        {
            "host,abortConnect=false,allowAdmin=true,channelPrefix=x,configChannel=,connectRetry=3,keepAlive=60,proxy=None,resolveDns=false,sslProtocols=Tls12,tiebreaker=,version=6.0,writeBuffer=4096,setlib=true,protocol=resp3,highIntegrity=false,tcpKeepAlive=true,heartbeatInterval=1000,heartbeatConsistencyChecks=true,highPriorityThreads=true,preserveAsyncOrder=false,responseTimeout=1",
            "host:6379", 0, null, null
        },
    };

    /// <summary>The text, and what is wrong with it.</summary>
    public static TheoryData<string, string> Bad() => new()
    {
        { "", "The Redis address names no server; write one such as localhost:6379." },
        { " , ", "The Redis address names no server; write one such as localhost:6379." },
        { "redis://", "The Redis address names no server; write one such as localhost:6379." },
        { "redis:///0", "The Redis address names no server; write one such as localhost:6379." },
        { "redis://:s3cr3t@", "The Redis address names no server; write one such as localhost:6379." },
        { "password=s3cr3t", "The Redis address names no server; write one such as localhost:6379." },
        { "http://:s3cr3t@host", "A Redis address begins with redis://, or with rediss:// for TLS." },
        { "unix:///tmp/redis.sock", "A Redis address begins with redis://, or with rediss:// for TLS." },
        { "redis://:a#s3cr3t@host", "The Redis address has a '#'; in a password write it %23." },
        { "redis://:a/s3cr3t@host", "The Redis address has a '/' before its '@'; in a password write it %2F." },
        { "redis://:s3cr3t?s3cr3t=1@host", "The Redis address has an '@' behind its '?'; in a password write '?' as %3F, in a setting '@' as %40." },
        { "redis://:s3cr3t%zz@host", "The Redis address has a '%' without two hexadecimal digits behind it; write it %25." },
        { "redis://:s3cr3t%4@host", "The Redis address has a '%' without two hexadecimal digits behind it; write it %25." },
        { "redis://s3cr3t@host", "The Redis address names a user and no password; a password alone is written redis://:password@host." },
        { "host,user=u", "The Redis address names a user and no password; a password alone is written redis://:password@host." },
        { "redis://:s3cr3t:6379", "The Redis address names a server that is no host name; write one such as localhost:6379." },
        { "redis://ho st", "The Redis address names a server that is no host name; write one such as localhost:6379." },
        { "host name", "The Redis address names a server that is no host name; write one such as localhost:6379." },
        { "[::1", "The Redis address names a server that is no host name; write one such as localhost:6379." },
        { "[::1]x", "The Redis address names a server that is no host name; write one such as localhost:6379." },
        { "[localhost]:6379", "The Redis address names a server that is no host name; write one such as localhost:6379." },
        { "]host[", "The Redis address names a server that is no host name; write one such as localhost:6379." },
        { "::g", "The Redis address names a server that is no host name; write one such as localhost:6379." },
        { ":6379", "The Redis address names a server that is no host name; write one such as localhost:6379." },
        { "host:", "'port' of the Redis address is a number from 1 to 65535." },
        { "host:0", "'port' of the Redis address is a number from 1 to 65535." },
        { "host:65536", "'port' of the Redis address is a number from 1 to 65535." },
        { "host:63x", "'port' of the Redis address is a number from 1 to 65535." },
        { "redis://host/x", "'db' of the Redis address is a number from 0 to 65535." },
        { "redis://host/1/2", "'db' of the Redis address is a number from 0 to 65535." },
        { "host,defaultDatabase=-1", "'defaultDatabase' of the Redis address is a number from 0 to 65535." },
        { "host,connectTimeout=0", "'connectTimeout' of the Redis address is a number from 10 to 600000." },
        { "host,ssl=yes", "'ssl' of the Redis address is true or false." },
        { "host,name=my client", "'name' of the Redis address has only printable ASCII characters, and no space." },
        { "host,name=", "'name' of the Redis address has only printable ASCII characters, and no space." },
        { "host,pasword=x", "The Redis address has a setting 'pasword', which there is not." },
        { "redis://host?tiemout=1", "The Redis address has a setting 'tiemout', which there is not." },
        { "redis://host?abortConnect=false", "The Redis address has a setting 'abortConnect', which there is not." },
        { "host,password=x,s3cr3t=1", "The Redis address has a setting behind a password which there is not; when it belongs to the password, write the address as redis://:password@host, with ',' as %2C and '&' as %26." },
        { "host,password=x,s3cr3t", "The Redis address has a server behind a password; when it belongs to the password, write the address as redis://:password@host, with ',' as %2C." },
        { "redis://host?password=x&s3cr3t=1", "The Redis address has a setting behind a password which there is not; when it belongs to the password, write the address as redis://:password@host, with ',' as %2C and '&' as %26." },
        { "host,cluster=true,serviceName=main", "The Redis address names both a cluster and a sentinel's service; it can be only one of them." },
        { "host,cluster=true,db=1", "A Redis Cluster has only database 0." },
        { "redis://host?tlsname=x", "The Redis address has settings for TLS and does not ask for it; write rediss:// or ssl=true." },
        { "host,tlsca=/ca.pem", "The Redis address has settings for TLS and does not ask for it; write rediss:// or ssl=true." },
        { "host,sslHost=x,ssl=false", "The Redis address has settings for TLS and does not ask for it; write rediss:// or ssl=true." },
    };

    [Theory]
    [MemberData(nameof(Good))]
    public void Address_MeansWhatItSays(string text, string servers, int database, string? user, string? password)
    {
        var address = RedisAddress.Parse(text);
        Assert.Equal(servers, string.Join(' ', address.Servers.Select(s => string.Create(CultureInfo.InvariantCulture, $"{s.Host}:{s.Port}"))));
        Assert.Equal((database, user, password), (address.Connection.Database, address.Connection.User, address.Connection.Password));
        Assert.Equal(RedisTopology.Single, address.Topology);
        Assert.Null(address.Connection.Tls);
    }

    [Theory]
    [MemberData(nameof(Bad))]
    public void WrongAddress_SaysWhatToChange_AndNoPassword(string text, string fault)
    {
        Assert.Equal(fault, Assert.Throws<FormatException>(() => RedisAddress.Parse(text)).Message);
        Assert.DoesNotContain(Secret, fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("redis://u:s3cr3t@host:1,host2/3?sentinel=main&sentinelPassword=s3cr3t")]
    [InlineData("host:1,host2,user=u,password=s3cr3t,db=3,serviceName=main,sentinelPassword=s3cr3t")]
    public void Text_OfAnAddress_HasNoPassword(string text)
    {
        var address = RedisAddress.Parse(text);
        Assert.Equal((Secret, Secret, "main"), (address.Connection.Password, address.SentinelPassword, address.SentinelService));
        Assert.DoesNotContain(Secret, $"{address} {address.Connection}", StringComparison.Ordinal);
        Assert.Equal("host:1,host2:26379", address.ToString());
    }

    [Theory]
    [InlineData("redis://a,b:1?cluster=true", RedisTopology.Cluster, "a:6379,b:1")]
    [InlineData("a,cluster=True", RedisTopology.Cluster, "a:6379")]
    [InlineData("a,cluster=false", RedisTopology.Single, "a:6379")]
    [InlineData("redis://a,b:1?sentinel=main", RedisTopology.Sentinel, "a:26379,b:1")]
    [InlineData("a,serviceName=main", RedisTopology.Sentinel, "a:26379")]
    internal void Topology_IsAsWritten(string text, RedisTopology topology, string servers)
    {
        var address = RedisAddress.Parse(text);
        Assert.Equal((topology, servers), (address.Topology, address.ToString()));
    }

    [Fact]
    public void Settings_AreTaken()
    {
        var settings = RedisAddress.Parse("redis://host?name=shop&connectTimeout=1500&timeout=250").Connection;
        Assert.Equal(("shop", 1500d, 250d), (settings.ClientName, settings.ConnectTimeout.TotalMilliseconds, settings.CommandTimeout.TotalMilliseconds));
        settings = RedisAddress.Parse("host,name=shop,connectTimeout=1500,syncTimeout=5000,asyncTimeout=250").Connection;
        Assert.Equal(("shop", 1500d, 250d), (settings.ClientName, settings.ConnectTimeout.TotalMilliseconds, settings.CommandTimeout.TotalMilliseconds));
        settings = RedisAddress.Parse("host").Connection;
        Assert.Equal(("freshet", 5000d, 1000d), (settings.ClientName, settings.ConnectTimeout.TotalMilliseconds, settings.CommandTimeout.TotalMilliseconds));
    }

    [Theory]
    [InlineData("rediss://host", null, false)]
    [InlineData("host,ssl=true", null, false)]
    [InlineData("rediss://host?tlsname=inner", "inner", false)]
    [InlineData("host,ssl=true,sslHost=inner", "inner", false)]
    [InlineData("host,ssl=true,checkCertificateRevocation=true", null, true)]
    [InlineData("host,ssl=true,checkCertificateRevocation=false", null, false)]
    public void Tls_IsVerified_ByTheNameThatIsWritten(string text, string? name, bool checksRevocation)
    {
        var tls = RedisAddress.Parse(text).Connection.Tls!;
        Assert.Equal((name, checksRevocation), (tls.Name, tls.ChecksRevocation));
        Assert.Null(tls.Authority);
    }

    [Fact]
    public void AuthorityThatCannotBeRead_IsNamed()
    {
        var file = Path.GetTempFileName();
        foreach (var path in new[] { "/nowhere/ca.pem", file, Path.GetTempPath() })
        {
            Assert.Equal(
                $"'tlsca' of the Redis address names '{path}', which is not a readable certificate.",
                Assert.Throws<FormatException>(() => RedisAddress.Parse($"rediss://host?tlsca={path}")).Message);
        }

        File.Delete(file);
    }
}
