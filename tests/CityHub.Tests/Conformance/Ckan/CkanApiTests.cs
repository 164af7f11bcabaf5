using CityHub.Tests.Sharing.OpenData;

namespace CityHub.Tests.Conformance.Ckan;

/// <summary>ckanapi, unmodified, reads the doors. It is not ours to ship: CITYHUB_CKANAPI names the folder in which its package <c>ckanapi</c> lies.</summary>
public sealed class CkanApiTests
{
    private const string Script = """
        import sys
        from ckanapi import RemoteCKAN, NotFound, NotAuthorized, ValidationError
        for get_only in (False, True):
            ckan = RemoteCKAN(sys.argv[1], user_agent='conformance', get_only=get_only)
            a = ckan.action
            assert a.site_read() is True
            assert a.status_show()['ckan_version']
            assert a.package_list() == ['air', 'parks', 'ungranted'], a.package_list()
            found = a.package_search(fq='tags:"空气"', rows=1000)
            assert found['count'] == 1 and found['results'][0]['name'] == 'air', found
            package = a.package_show(id='parks')
            assert [r['format'] for r in package['resources']] == ['CSV', 'GeoJSON'], package
            assert a.resource_show(id=package['resources'][0]['id'])['package_id'] == 'parks'
            assert a.organization_list() == ['eco']
            assert a.organization_show(id='eco')['package_count'] == 3
            assert sorted(a.group_list()) == sorted(['休闲', '环境'])
            assert a.tag_list()
            rows = a.datastore_search(resource_id='air', limit=4, offset=8)
            assert rows['total'] == 10 and len(rows['records']) == 2, rows
            assert a.datastore_info(id='air')['meta']['count'] == 10
            sql = a.datastore_search_sql(sql='SELECT station, count(*) AS n FROM "air" GROUP BY station')
            assert [r['n'] for r in sql['records']] == [5, 5], sql
            for call, error in ((lambda: a.package_show(id='register'), NotFound), (lambda: a.datastore_search(resource_id='ungranted'), NotAuthorized), (lambda: a.package_search(q='a~'), ValidationError)):
                try:
                    call()
                except error:
                    continue
                raise SystemExit('no %s' % error)
        if True:
            a = RemoteCKAN(sys.argv[1], user_agent='conformance').action
            rows = a.datastore_search(resource_id='air', filters={'level': [1, 3]}, fields=['level'], records_format='lists')
            assert rows['records'] == [[1], [3]], rows
        print('ckanapi agrees')
        """;

    [Fact]
    public async Task The_unmodified_client_reads_what_is_open()
    {
        var package = Environment.GetEnvironmentVariable("CITYHUB_CKANAPI");
        Assert.SkipUnless(package is { Length: > 0 } && Directory.Exists(Path.Combine(package, "ckanapi")), "CITYHUB_CKANAPI names no folder with ckanapi in it.");
        Programs.Need("python3");
        await using var doors = await DoorsUnderTest.StartAsync();

        var (code, output) = await Programs.RunAsync(package ?? "", "python3", "-c", Script, doors.Address);

        Assert.True(code == 0 && output.Contains("ckanapi agrees", StringComparison.Ordinal), output);
    }
}
