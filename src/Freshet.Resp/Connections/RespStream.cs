using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace Freshet.Resp.Connections;

/// <summary>Opens the way to a server: TCP, and TLS over it.</summary>
internal static class RespStream
{
    /// <summary>What to look at when TLS could not begin.</summary>
    public const string NoTls = " Does it speak TLS?";

    /// <summary>TCP.</summary>
    public static async Task<Stream> ConnectAsync(EndPoint address, CancellationToken cancel)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            await socket.ConnectAsync(address, cancel).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>TLS over it.</summary>
    /// <param name="stream">The way to the server; belongs to the result, and is closed when there is none.</param>
    /// <param name="address">Whose name is verified unless another one is told.</param>
    /// <param name="tls">What to verify.</param>
    /// <param name="cancel">Gives up.</param>
    public static async Task<Stream> SecureAsync(Stream stream, EndPoint address, RespTls tls, CancellationToken cancel)
    {
        var secured = new SslStream(stream);
        try
        {
            await secured.AuthenticateAsClientAsync(Options(address, tls), cancel).ConfigureAwait(false);
            return secured;
        }
        catch (Exception e)
        {
            await secured.DisposeAsync().ConfigureAwait(false);
            // Who has shown a certificate speaks TLS, and what is wrong with it stands there.
            if (e is OperationCanceledException || e.Message.Contains("certificate", StringComparison.Ordinal))
                throw;
            throw new IOException(e.Message + NoTls, e);
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
