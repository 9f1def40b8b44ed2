using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Freshet.Resp.Addresses;
using Freshet.Resp.Connections;
using Freshet.Resp.Protocol;

namespace Freshet.Resp.Tests.Servers;

/// <summary>TLS to the real server, with an authority of the test's own: verified always, by name and chain.</summary>
public sealed class TlsTests(TlsTests.Servers servers) : IClassFixture<TlsTests.Servers>
{
    [Theory]
    [InlineData("localhost")]
    [InlineData("127.0.0.1")]
    public async Task PinnedAuthority_IsTrusted_ForTheNamesOfTheCertificate(string host)
    {
        await using var connection = await ConnectAsync($"rediss://{host}:{servers.Tls.Port}?tlsca={servers.Authority}&timeout=10000");
        var value = new string('x', 1_000_000);
        (await connection.SendAsync(new RespCommand("SET", "k", value))).Dispose();
        using var reply = await connection.SendAsync(new RespCommand("GET", "k"));
        Assert.Equal(value.Length, reply.Reader.ReadBytes().Length);
        await connection.DisposeAsync();
        Assert.True(connection.Ended.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task NameThatIsWritten_IsVerified_InsteadOfTheHost()
    {
        await using var connection = await ConnectAsync($"rediss://127.0.0.1:{servers.Tls.Port}?tlsca={servers.Authority}&tlsname=redis.internal");
        Assert.Equal("standalone", connection.Greeting.Mode);
    }

    [Theory]
    [InlineData("another name than the certificate's", "&tlsname=redis.example", "RemoteCertificateNameMismatch")]
    [InlineData("the system's authorities", null, "RemoteCertificateChainErrors|UntrustedRoot|PartialChain")]
    [InlineData("revocation that cannot be found out", "&checkCertificateRevocation=true", "RevocationStatusUnknown")]
    public async Task CertificateThatDoesNotHold_IsRefused(string because, string? settings, string words)
    {
        var fault = await RefusedAsync($"rediss://localhost:{servers.Tls.Port}?{(settings is null ? "" : $"tlsca={servers.Authority}{settings}")}");
        Assert.NotEmpty(because);
        Assert.StartsWith($"No connection to localhost:{servers.Tls.Port}: The remote certificate ", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("speak TLS", fault.Message, StringComparison.Ordinal);
        Assert.Contains(words.Split('|'), w => fault.Message.Contains(w, StringComparison.Ordinal));
        Assert.False(fault.MayHaveRun);
    }

    [Theory]
    [InlineData("expired")]
    [InlineData("client")]
    [InlineData("foreign")]
    public async Task CertificateOfAnotherKind_IsRefused(string certificate)
    {
        await using var server = await servers.StartAsync(certificate);
        var fault = await RefusedAsync($"rediss://localhost:{server.Port}?tlsca={servers.Authority}");
        Assert.StartsWith($"No connection to localhost:{server.Port}: The remote certificate ", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PlainTextToATlsPort_FailsClearly()
    {
        var fault = await RefusedAsync($"redis://localhost:{servers.Tls.Port}");
        Assert.StartsWith($"No connection to localhost:{servers.Tls.Port}: The connection has ended: ", fault.Message, StringComparison.Ordinal);
        Assert.EndsWith(" Does it expect TLS (rediss:// or ssl=true)?", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TlsToAPlainPort_FailsClearly()
    {
        var fault = await RefusedAsync($"rediss://localhost:{servers.Plain.Port}?tlsca={servers.Authority}&connectTimeout=1000");
        Assert.Equal($"No connection to localhost:{servers.Plain.Port}: Nothing came of it within 1.0 s. Does it speak TLS?", fault.Message);
    }

    [Fact]
    public async Task PeerThatSpeaksSomethingElse_FailsClearly()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var refused = RefusedAsync($"rediss://{listener.LocalEndpoint}?tlsca={servers.Authority}");
        using var peer = await listener.AcceptSocketAsync();
        await peer.SendAsync("-ERR Protocol error: unauthenticated multibulk length\r\n"u8.ToArray());
        Assert.EndsWith(" Does it speak TLS?", (await refused).Message, StringComparison.Ordinal);
    }

    private static async Task<RespConnectionException> RefusedAsync(string address) =>
        await Assert.ThrowsAsync<RespConnectionException>(async () => await (await ConnectAsync(address)).DisposeAsync());

    private static Task<RespConnection> ConnectAsync(string text)
    {
        var address = RedisAddress.Parse(text);
        return RespConnection.ConnectAsync(address.Servers[0], address.Connection, null, TimeProvider.System, default);
    }

    /// <summary>A server with TLS and one without, and certificates of all kinds.</summary>
    public sealed class Servers : IAsyncLifetime
    {
        private readonly string _folder = Directory.CreateTempSubdirectory("freshet-tls-").FullName;

        public RedisServer Tls { get; private set; } = null!;

        public RedisServer Plain { get; private set; } = null!;

        public string Authority => Path.Combine(_folder, "ca.pem");

        public async ValueTask InitializeAsync()
        {
            using var authority = MakeAuthority("Freshet tests");
            using var foreign = MakeAuthority("Somebody else");
            await File.WriteAllTextAsync(Authority, authority.ExportCertificatePem());
            Make("good", authority, 1);
            Make("expired", authority, -1);
            Make("client", authority, 1, usage: "1.3.6.1.5.5.7.3.2");
            Make("foreign", foreign, 1);
            Tls = await StartAsync("good");
            Plain = await RedisServer.StartAsync();
        }

        public Task<RedisServer> StartAsync(string certificate) => RedisServer.StartAsync(
            "--port", "0", "--tls-port", "{port}", "--tls-auth-clients", "no", "--tls-ca-cert-file", Authority,
            "--tls-cert-file", Path.Combine(_folder, certificate + ".pem"), "--tls-key-file", Path.Combine(_folder, certificate + ".key"));

        public async ValueTask DisposeAsync()
        {
            await Tls.DisposeAsync();
            await Plain.DisposeAsync();
            Directory.Delete(_folder, recursive: true);
        }

        private static X509Certificate2 MakeAuthority(string name)
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest("CN=" + name, key, HashAlgorithmName.SHA256);
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
            request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
            return request.CreateSelfSigned(Now.AddDays(-20), Now.AddDays(20));
        }

        private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

        private void Make(string name, X509Certificate2 authority, int days, string usage = "1.3.6.1.5.5.7.3.1")
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest("CN=redis", key, HashAlgorithmName.SHA256);
            var names = new SubjectAlternativeNameBuilder();
            names.AddDnsName("localhost");
            names.AddDnsName("redis.internal");
            names.AddIpAddress(IPAddress.Loopback);
            request.CertificateExtensions.Add(names.Build());
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
            using var certificate = request.Create(authority, Now.AddDays(-10), Now.AddDays(days), RandomNumberGenerator.GetBytes(8));
            File.WriteAllText(Path.Combine(_folder, name + ".pem"), certificate.ExportCertificatePem());
            File.WriteAllText(Path.Combine(_folder, name + ".key"), key.ExportPkcs8PrivateKeyPem());
        }
    }
}
