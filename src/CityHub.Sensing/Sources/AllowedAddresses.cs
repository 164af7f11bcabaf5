using System.Net;
using System.Net.Sockets;
using CityHub.Core.Problems;

namespace CityHub.Sensing.Sources;

/// <summary>
/// Where sources may connect to, and where subscriptions may send to: the public internet, and of the inside (loopback, private, link-local with the metadata services of clouds, and what leads there: RFC 6890) only
/// what whoever runs the hub has listed. What counts is the address that is connected to, looked at when it is: a name may lead elsewhere than it did.
/// </summary>
internal sealed class AllowedAddresses
{
    private static readonly IPNetwork[] Inside =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4",
            // IPv4 in IPv6 (compatible, NAT64, Teredo, 6to4), unique local, link-local, site-local, multicast.
            "::/96", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
        }.Select(IPNetwork.Parse),
    ];

    private readonly HashSet<string> _hosts = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<IPNetwork> _networks = [];

    private AllowedAddresses()
    {
    }

    /// <summary>Nothing of the inside.</summary>
    public static AllowedAddresses None { get; } = new();

    /// <param name="items">Names of hosts, addresses, or networks as 10.1.0.0/16.</param>
    /// <returns>Refused with the item that is none of these.</returns>
    public static Result<AllowedAddresses> Of(IEnumerable<string> items)
    {
        var allowed = new AllowedAddresses();
        foreach (var item in items)
        {
            if (IPNetwork.TryParse(item, out var network))
                allowed._networks.Add(network);
            else if (IPAddress.TryParse(item, out var address))
                allowed._networks.Add(new IPNetwork(address, address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128));
            else if (Uri.CheckHostName(item) == UriHostNameType.Dns)
                allowed._hosts.Add(item);
            else
                return SourceProblems.NotASource.Because($"{item} is no host, no address and no network.", "db.city.example, 10.1.2.3 or 10.1.0.0/16");
        }

        return allowed;
    }

    public bool Allows(string host, IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return _hosts.Contains(host) || _networks.Exists(n => n.Contains(plain)) || !Array.Exists(Inside, n => n.Contains(plain));
    }

    /// <summary>The addresses of a host that may be connected to; refused where there are none, whatever the name says.</summary>
    /// <exception cref="SocketException">Nobody knows the name.</exception>
    public async ValueTask<Result<IReadOnlyList<IPAddress>>> ResolveAsync(string host, CancellationToken cancel)
    {
        var all = IPAddress.TryParse(host, out var written) ? [written] : await Dns.GetHostAddressesAsync(host, cancel);
        List<IPAddress> allowed = [.. all.Where(a => Allows(host, a)).OrderBy(a => a.AddressFamily == AddressFamily.InterNetwork ? 0 : 1)];
        return allowed.Count > 0 ? allowed : SourceProblems.NotAllowed.Because(
            $"{host} lies inside, where sources may not reach.", "Whoever runs the hub lists the host, its address or its network in sources.allow.", "sources.allow");
    }

    /// <summary>Connects only where it may, after each redirect anew; no proxy of the environment is in between.</summary>
    public SocketsHttpHandler Handler() => new()
    {
        UseProxy = false,
        MaxAutomaticRedirections = 5,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        ConnectCallback = async (context, cancel) => new NetworkStream(await ConnectAsync(context.DnsEndPoint, cancel), ownsSocket: true),
    };

    /// <exception cref="SourceException">It may not be connected to.</exception>
    /// <exception cref="SocketException">Nobody is there.</exception>
    public async ValueTask<Socket> ConnectAsync(DnsEndPoint to, CancellationToken cancel)
    {
        if (!(await ResolveAsync(to.Host, cancel)).TryGet(out var addresses, out var problem))
            throw new SourceException(problem);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync([.. addresses], to.Port, cancel);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
