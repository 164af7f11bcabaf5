using System.Buffers;

namespace CityHub.Privacy;

/// <summary>
/// Names of persons by their form: a Chinese surname and one or two characters that are not the ends of words for places, offices and things; names with a middle dot; and,
/// where the column says so, Latin ones. No list of persons is needed.
/// </summary>
internal static class PersonNames
{
    // Surnames by number of bearers, then rarer ones; 99 % of the population. Compiled for this library.
    private const string Single =
        "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤常温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝官封谈匡鞠惠荆乐冀郁胥南班储原栗燕楚鄢劳谌奚皮粟冼蔺楼盘满闻位厉伊仝区郜海阚花权强帅屠豆朴盖练廉禹井祖漆巴丰支卿国狄平计索宣晋相初门云容敬来扈晁芮都普阙浦戈伏鹿薄邸雍辜羊阿乌母裘亓修邰赫杭况那宿鲜印逯隆茹诺战慕危玉银亢嵇公哈湛宾戎勾茅利於呼居揭干但尉冶斯元束檀衣信展阴昝智幸奉植衡富尧闭由";

    private static readonly SearchValues<char> Surnames = SearchValues.Create(Single);

    private static readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> Compound = new HashSet<string>(
        "欧阳 上官 司马 诸葛 东方 皇甫 尉迟 公孙 慕容 令狐 司徒 夏侯 轩辕 宇文 长孙 鲜于 申屠 太史 端木 南宫 独孤 百里 呼延 东郭 西门 澹台 公羊 淳于 单于 钟离 闻人 拓跋 完颜 纳兰 赫连 司空 濮阳 宗政 公冶 仲孙 闾丘 万俟".Split(' '),
        StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();

    // What no given name has, or hardly ever: particles, and the ends of words for places, offices, things and states.
    private static readonly SearchValues<char> NotGiven = SearchValues.Create(
        "的了是在有不我他她你们这那个为与及或被把将从对于而且但则省市区县镇乡村街道路巷弄号栋楼室站桥厂店院校局处科部厅司公所厕库车机器费价额量数率表单票证书款项类型级别度值点线面体系统网页图件号码者员长师生户病症炎癌药医食饭菜肉鱼鸡酒茶水果糖油盐布鞋衣帽裤色绿紫灰棕已未没无非否请正常异败错误完始止停");

    // Words of two or three characters that begin like a name.
    private static readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> Words = new HashSet<string>(
        ("高中 高兴 高温 高级 高速 高血压 黄金 黄河 黄土 金融 金属 安全 安徽 安装 安排 方法 方便 方向 方式 马上 时间 时代 时期 成功 成本 成立 国家 国际 国内 文化 文字 文明 文学 周末 周围 周边 白天 "
        + "温度 温州 温馨 江苏 江西 江南 云南 云计算 海南 海洋 海外 南京 南方 南昌 宁夏 宁波 广东 石家庄 石油 华北 华东 华南 东北 关系 关于 关注 全国 全部 全年 应用 应急 常州 常用 明天 明确 和平 平安 平台 平均 "
        + "计划 计算 计算机 管理 信息 展示 公园 公安 公共 相关 相同 原因 原始 来源 都市 初中 初步 初级 普通 利用 利率 元素 支付 支持 支出 花园 花费 任务 任何 任意 严重 严格 万元 万达 毛利 贺卡 黎明 "
        + "商品 商业 商务 项目 车辆 车站 连接 连续 解决 解释 路线 路由 华为 司机 农业 农村 农民 阳光 阳性 阴性 武汉 苏州 郑州 杭州 徐州 福州 兰州 贵州 沙发 沈阳 洛阳 包装 包括 康复 汉族 回族 满族 满意 单位 单价 单独 "
        + "章节 易燃 向上 向下 左右 盛大 游客 游戏 牛奶 和谐 智能 智慧 富裕 强制 强度 通过 通知 已婚 未婚 离婚 丧偶 居民 居住 印刷 伊朗 古代 古典 简单 简介 景区 党员 群众 官方 封闭 封装 谈话 "
        + "查询 查看 麻醉 池塘 边界 边缘 查无 未知 其他 安静 宣传 宣布 隆重 容量 容易 敬请 危险 危害 银行 玉米 公司 公里 干部 干燥 但是 战略 战争 衡量 植物 植被 由于 幸福 信用 信号 富强").Split(' '),
        StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();

    public static bool IsHan(char c) => c is (>= '\u4E00' and <= '\u9FFF') or (>= '\u3400' and <= '\u4DBF') or '\u3007';

    /// <summary>王伟, 欧阳娜娜, 买买提·阿卜杜拉, and 王* or 王某某 as a masked one is still a name.</summary>
    public static bool IsChinese(ReadOnlySpan<char> s)
    {
        var dot = s.IndexOf('·');
        if (dot >= 0)
            return s.Length <= 24 && dot >= 1 && dot < s.Length - 1 && AllHan(s[..dot]) && AllHan(s[(dot + 1)..], '·');
        if (s.Length == 3 && s[1] == ' ')
            return IsChinese([s[0], s[2]]); // 王 伟, spaced to the width of three
        if (s.Length is < 2 or > 4 || !AllHan(s))
            return false;
        var surname = s.Length >= 3 && Compound.Contains(s[..2]) ? 2 : Surnames.Contains(s[0]) ? 1 : 0;
        if (surname == 0 || s.Length - surname > 2)
            return s.Length == 4 && Surnames.Contains(s[0]) && Surnames.Contains(s[1]) && !s[2..].ContainsAny(NotGiven); // 张王丽华, a married or double surname
        return !s[surname..].ContainsAny(NotGiven) && !Words.Contains(s) && (s.Length == 2 || !Words.Contains(s[..2]));
    }

    /// <summary>Two to four capitalised words; only a column's name tells them from other words.</summary>
    public static bool IsLatin(ReadOnlySpan<char> s)
    {
        if (s.Length is < 4 or > 60)
            return false;
        var words = 0;
        foreach (var part in s.Split(' '))
        {
            var word = s[part].Trim(",.");
            if (word.IsEmpty || !char.IsUpper(word[0]) || IsHan(word[0]))
                return false;
            foreach (var c in word)
            {
                if (!char.IsLetter(c) && c is not ('\'' or '-' or '.'))
                    return false;
            }

            words++;
        }

        return words is >= 2 and <= 4;
    }

    private static bool AllHan(ReadOnlySpan<char> s, char also = '\u4E00')
    {
        foreach (var c in s)
        {
            if (!IsHan(c) && c != also)
                return false;
        }

        return true;
    }
}
