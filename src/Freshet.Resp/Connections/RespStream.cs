using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace Freshet.Resp.Connections;

/// <summary>Opens the way to a server: TCP, and TLS over it.</summary>
internal static class RespStream
{
    public static async Task<Stream> OpenAsync(EndPoint address, RespTls? tls, CancellationToken cancel)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        Stream? stream = null;
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            await socket.ConnectAsync(address, cancel).ConfigureAwait(false);
            stream = new NetworkStream(socket, ownsSocket: true);
            if (tls is null)
                return stream;
            var secured = new SslStream(stream);
            stream = secured;
            await secured.AuthenticateAsClientAsync(Options(address, tls), cancel).ConfigureAwait(false);
            return secured;
        }
        catch
        {
            if (stream is not null)
                await stream.DisposeAsync().ConfigureAwait(false);
            socket.Dispose();
            throw;
        }
    }

    /// <summary>The server's address, fit for messages.</summary>
    public static string Name(EndPoint address) => address is DnsEndPoint name ? $"{name.Host}:{name.Port}" : $"{address}";

    private static SslClientAuthenticationOptions Options(EndPoint address, RespTls tls)
    {
        var revocation = tls.ChecksRevocation ? X509RevocationMode.Online : X509RevocationMode.NoCheck;
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = tls.Name ?? address switch
            {
                DnsEndPoint name => name.Host,
                IPEndPoint ip => ip.Address.ToString(),
                _ => throw new ArgumentException("An address of this kind has no name to verify.", nameof(address)),
            },
            CertificateRevocationCheckMode = revocation,
        };
        if (tls.Authority is { } authority)
        {
            // Instead of the system's authorities, not beside them.
            options.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = revocation,
                DisableCertificateDownloads = !tls.ChecksRevocation, // nothing is to be fetched from where a certificate says
                CustomTrustStore = { authority },
            };
        }

        return options;
    }
}
